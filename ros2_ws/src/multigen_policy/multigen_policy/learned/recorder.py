"""Records a pour as the network's inputs, and the truth to learn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.policy import Sense
from multigen_core.rollout.observer import Observer, StaleError
from multigen_core.rollout.rollout import MAX_AGE
from multigen_core.station import Station
from multigen_core.streams.buffers import AudioRing
from multigen_core.types import AudioChunk, LiquidState, to_nanoseconds
from multigen_core.world.vessel import Vessel
from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.inputs import Ear, Encoder, target_values

TRUTH = (
    "left", "poured", "airborne", "outflow", "content", "capacity", "fill", "air_column",
    "resonance", "target_height", "target_radius", "spilled",
)  # fmt: skip
"""Names of the truth's values: volumes [ml] since the pour began, flow [ml/s], `content` of the
target [ml], `fill` of its capacity, lengths [cm], `resonance` [octaves above 100 Hz]."""
LATENESS = 1.0
"""How long sound is kept for a second synthesizer that lags behind [s]."""


@dataclass
class Rows:
    """The steps of one pour, as they are recorded."""

    crop: list[NDArray[np.uint8]] = field(default_factory=list)
    whole: list[NDArray[np.uint8]] = field(default_factory=list)
    state: list[NDArray[np.float32]] = field(default_factory=list)
    onsets: list[NDArray[np.float32]] = field(default_factory=list)
    truth: list[list[float]] = field(default_factory=list)
    spectra: dict[str, list[NDArray[np.float32]]] = field(default_factory=dict)
    target: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.state)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The steps as arrays.

        crop, whole, state, onsets, truth (T, …); `target`, the state's values of the target; for
        each sound `NAME_spectra` float16 (M, BANDS) and `NAME_ends` (T,), the number of spectra
        known at each step.
        """
        found: dict[str, NDArray[Any]] = {
            "crop": np.stack(self.crop), "whole": np.stack(self.whole),
            "state": np.stack(self.state), "onsets": np.array(self.onsets, np.float16),
            "truth": np.array(self.truth, np.float32), "target": np.array(self.target, np.float32),
        }  # fmt: skip
        for name, parts in self.spectra.items():
            found[f"{name}_spectra"] = np.concatenate(parts).astype(np.float16)
            found[f"{name}_ends"] = np.cumsum([len(part) for part in parts])
        return found


class Recorder:
    """Observes a pour beside whoever pours, with the senses of the learned policy.

    Args:
        station: what the policy would know, at least the held vessel and the target's position.
        goal: volume to pour [m^3].
        target: the true target vessel.
        sounds: names of the sounds; the first is the one observed with the others' timing.
    """

    def __init__(
        self, station: Station, goal: float, target: Vessel, sounds: tuple[str, ...]
    ) -> None:
        self.rows = Rows(spectra={name: [] for name in sounds}, target=target_values(target))
        self.observer = Observer(station.arm.names, frozenset(Sense), MAX_AGE)
        self._encoder = Encoder(station, goal)
        self._target = target
        self._first = sounds[0]
        self._others = {
            name: (AudioRing(LATENESS + 1.0, SAMPLE_RATE), Ear()) for name in sounds[1:]
        }
        self._heard: dict[str, int] = {}
        self._begin: LiquidState | None = None

    def add_audio(self, name: str, chunk: AudioChunk) -> None:
        """Take a chunk of a sound."""
        if name == self._first:
            self.observer.add_audio(chunk)
        else:
            self._others[name][0].push(chunk)

    def step(self, now: int, liquid: LiquidState) -> None:
        """Record a step at `now` [ns] with the truth at that time, if the senses are there."""
        if self._begin is None:
            self._begin = liquid
        try:
            observation = self.observer.observe(now)
        except StaleError:
            return
        inputs = self._encoder.encode(observation)
        rows = self.rows
        rows.crop.append(_or_black(inputs.crop, CROP))
        rows.whole.append(_or_black(inputs.whole, WHOLE))
        rows.state.append(inputs.state)
        rows.onsets.append(inputs.onsets)
        rows.truth.append(self._truth(liquid))
        rows.spectra[self._first].append(inputs.spectra)
        for name, (ring, ear) in self._others.items():
            since = self._heard.get(name, observation.stamp - to_nanoseconds(0.2))
            pieces = ring.since(since, observation.stamp)
            self._heard[name] = pieces[-1].end if pieces else since
            rows.spectra[name].append(ear.hear(pieces))

    def _truth(self, liquid: LiquidState) -> list[float]:
        begin, target = self._begin, self._target
        assert begin is not None
        left = begin.source_volume - liquid.source_volume
        poured = liquid.target_volume - begin.target_volume
        return [
            left * 1e6, poured * 1e6, liquid.airborne_volume * 1e6, liquid.outflow_rate * 1e6,
            liquid.target_volume * 1e6, target.capacity * 1e6,
            liquid.target_volume / target.capacity, liquid.air_column * 1e2,
            np.log2(max(liquid.resonance_frequency, 50.0) / 100.0),
            target.rim_height * 1e2, target.mouth_radius * 1e2,
            (left - poured - liquid.airborne_volume) * 1e6,
        ]  # fmt: skip


def _or_black(picture: NDArray[np.uint8] | None, size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.zeros((*size, 3), np.uint8) if picture is None else picture
