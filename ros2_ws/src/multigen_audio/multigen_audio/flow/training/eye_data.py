"""Training data of the eye: windows of pours with ground truth, and augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.conditions import Conditions
from multigen_audio.flow.networks.placing import PLACE, moved, place
from multigen_audio.flow.sight import HEIGHTS, HOPS, PIXEL, ROWS, SLOW, cover, to_network
from multigen_audio.pours.files import FRAME_RATE, STATE_RATE, Pictures, Pour, load
from multigen_core.simulator import View
from multigen_core.types import LiquidState
from multigen_core.world.vessel import Vessel

Arrays = dict[str, NDArray[Any]]
_PER_FRAME = STATE_RATE // FRAME_RATE
_SPARE = 8
_CLEAR = 0.4
"""Chance of a window of the public camera to be drawn from pours into clear vessels only."""
_MISPLACED = np.array([2.0, 3.0, 2.0, 3.0, 0.04, 0.04])
"""How far a place is typically guessed to be off in pours never seen."""


def truth(pour: Pour) -> Arrays:
    """Truth of a pour's K frames.

    `rows` (K, 3, ROWS) as the network tells them, `hops` (K, HOPS, 2): flow and miss [m^3/s],
    `slow` (K, S) in the network's units, `lengths` (K, 3): level, height and mouth radius [rows],
    `volume` (K,) in the target [ml].
    """
    count = (len(pour.states) - 1) // _PER_FRAME + 1
    conditions = Conditions.of_states(pour.states)
    states = pour.states[::_PER_FRAME]
    hops = np.zeros((count, HOPS, 2), np.float32)
    both = np.stack([conditions["flow"], conditions["rim"]], -1)
    hops[1:] = both[: (count - 1) * HOPS].reshape(count - 1, HOPS, 2)
    last = np.minimum(np.arange(count) * HOPS, len(conditions) - 1)
    slow = np.stack([conditions[name][last] for name in SLOW], -1)
    lengths = [(s.target_level, pour.target.height, pour.target.mouth_radius) for s in states]
    return {
        "rows": _rows(pour.target, states),
        "hops": hops,
        "slow": to_network(slow),
        "lengths": (np.array(lengths) / PIXEL).astype(np.float32),
        "volume": np.array([1e6 * s.target_volume for s in states], np.float32),
    }


def _rows(target: Vessel, states: Sequence[LiquidState]) -> NDArray[np.float32]:
    floor = target.floor
    rows = np.empty((len(states), 3, ROWS), np.float32)
    rows[:, 0] = cover(floor, floor + target.height)
    rows[:, 1] = [cover(floor, floor + state.target_level) for state in states]
    rows[:, 2] = target.radius(HEIGHTS - floor) / PIXEL
    return rows


@dataclass(frozen=True)
class Mishaps:
    """How often what happens to frames on their way; colours change in whole windows.

    `forgotten` is the relative error of the volume remembered; the public camera may look past by
    up to `aside` [px] and zoom by the factor exp(±`zoomed`).
    """

    lost: float = 0.25
    repeated: float = 0.15
    recoloured: float = 0.3
    noisy: float = 0.3
    blurred: float = 0.1
    forgotten: float = 0.15
    aside: float = 12.0
    zoomed: float = 0.1


class Windows:
    """Draws batches of windows from the files of pours; truth is worked out once.

    Pictures stay packed in memory.
    """

    def __init__(self, files: Sequence[Path], view: View) -> None:
        self._view: View = view
        self._truth: dict[Path, Arrays] = {}
        self._places: dict[Path, NDArray[np.float32]] = {}
        self._pictures: dict[Path, Pictures] = {}
        self._clear: list[Path] = []
        for file in files:
            pour = load(file, pictures=False)
            self._truth[file] = truth(pour)
            self._places[file] = place(pour.scene.camera, pour.target, pour.scene.target.position)
            self._pictures[file] = Pictures.read(file, view)
            if not pour.target.opaque:
                self._clear.append(file)
        self._files = list(files)
        # Scenes before the public camera vary in all colours by themselves.
        self._mishaps = Mishaps() if view == "cutaway" else Mishaps(recoloured=0.2, noisy=0.15)

    def batch(self, size: int, length: int, rng: np.random.Generator) -> Arrays:
        """A batch of `size` windows of `length` frames.

        `frame` (B, T, H, W, 3), `gap` (B, T, 1) in frame periods, `coloured` (B,) whether colours
        are true, `clear` (B,) whether walls let the level be seen, `known` (B, T) whether hops are,
        `before` (B, 2): roughly what was in the target before [ml], as who saw the pour begin would
        know, and whether it was; the truth; in public `place` (B, T, PLACE) and a `guess` at it.
        """
        windows: list[Arrays] = []
        while len(windows) < size:
            # Walls that hide the level from the public camera are read sooner than clear ones.
            more_clear = self._view == "public" and self._clear and rng.random() < _CLEAR
            among = self._clear if more_clear else self._files
            file = among[rng.integers(len(among))]
            if len(self._truth[file]["slow"]) >= length + _SPARE:
                windows.append(self._window(file, length, rng))
        return {key: np.stack([window[key] for window in windows]) for key in windows[0]}

    def _window(self, file: Path, length: int, rng: np.random.Generator) -> Arrays:
        facts, mishaps = self._truth[file], self._mishaps
        start = int(rng.integers(len(facts["slow"]) - length - _SPARE + 1))
        chosen = np.arange(start, start + length)
        if rng.random() < mishaps.lost:
            kept = np.flatnonzero(rng.random(length + _SPARE) > rng.uniform(0.05, 0.3)) + start
            if len(kept) >= length:
                chosen = kept[:length]
        gap = np.diff(chosen, prepend=chosen[0] - 1)
        shown = chosen.copy()
        if rng.random() < mishaps.repeated:
            again = rng.random(length) < 0.15
            again[0] = False
            shown[again] = shown[np.flatnonzero(again) - 1]
        window = self._pictures[file].take(shown)
        extra = {}
        if self._view == "public":
            zoom = np.exp(rng.uniform(-mishaps.zoomed, mishaps.zoomed))
            middle = np.array([window.shape[2], window.shape[1]]) / 2 * (1 - zoom)
            shift = middle + rng.uniform(-mishaps.aside, mishaps.aside, 2)
            window = _zoomed(window, zoom, shift)
            where = moved(self._places[file], zoom, shift)
            extra["place"] = np.repeat(where[None], length, 0)
            off = rng.standard_normal((1, PLACE)) + 0.3 * rng.standard_normal((length, PLACE))
            off[:, -1] = off[:, -2] + 0.2 * off[:, -1]
            extra["guess"] = extra["place"] + (off * _MISPLACED).astype(np.float32)
        coloured = rng.random() >= mishaps.recoloured
        if not coloured:
            window = _recoloured(window, rng)
        if rng.random() < mishaps.blurred:
            window = _blurred(window, rng)
        if rng.random() < mishaps.noisy:
            spread = np.float32(rng.uniform(0.5, 4.0))
            noise = rng.standard_normal(window.shape, np.float32) * spread
            window = np.clip(window + noise, 0, 255).astype(np.uint8)
        return {
            "frame": window,
            "gap": gap[:, None].astype(np.float32),
            "coloured": np.array(coloured, np.float32),
            "clear": np.array(file in self._clear, np.float32),
            "before": self._before(facts, start, rng),
            "known": (chosen > 0).astype(np.float32),
            **extra,
            **{key: value[chosen] for key, value in facts.items()},
        }

    def _before(self, facts: Arrays, start: int, rng: np.random.Generator) -> NDArray[np.float32]:
        if start == 0:
            return np.zeros(2, np.float32)
        error = np.exp(self._mishaps.forgotten * rng.standard_normal())
        return np.array([facts["volume"][start - 1] * error, 1.0], np.float32)


def _recoloured(window: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Other colours for everything, contrasts kept or turned about."""
    levels = np.arange(256, dtype=np.float32)
    tables = []
    for _ in range(3):
        middle = 106.0 + rng.normal(0, 12)
        gain = rng.uniform(0.5, 1.3) * (1.0 if rng.random() < 0.7 else -1.0)
        tables.append(np.clip(middle + gain * (levels - 106.0), 0, 255))
    table = np.stack(tables, -1).astype(np.uint8)
    order = rng.permutation(3)
    return np.stack([table[window[..., order[c]], c] for c in range(3)], -1)


def _zoomed(
    window: NDArray[np.uint8], zoom: float, shift: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Enlarged about the first pixel, then shifted [px]; beyond the edge as at it."""
    matrix = np.array([[zoom, 0.0, shift[0]], [0.0, zoom, shift[1]]])
    size = window.shape[2], window.shape[1]
    return np.stack(
        [cv2.warpAffine(frame, matrix, size, borderMode=cv2.BORDER_REPLICATE) for frame in window]
    )


def _blurred(window: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """As if sent at another size."""
    height, width = window.shape[1:3]
    scale = rng.uniform(0.6, 2.0)
    size = round(width * scale), round(height * scale)
    small = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    back = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_AREA
    return np.stack(
        [
            cv2.resize(cv2.resize(frame, size, interpolation=small), (width, height),
                       interpolation=back)
            for frame in window
        ]
    )  # fmt: skip
