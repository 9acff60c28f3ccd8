"""Batches of recorded pours, with everything varied that a policy must not rely on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from multigen_core.learning.group import Group
from multigen_policy.learned.dataset import Episode
from multigen_policy.learned.inputs import MERGED, STATE, TOLD_HELD, TOLD_TARGET, merged
from multigen_policy.learned.losses import Targets
from multigen_policy.learned.noises import Noises, disturbed
from multigen_policy.learned.recorder import TRUTH

Arrays = dict[str, Any]

_SLOWEST, _FASTEST = 0.4, 2.7
_STEPS = ("crop", "whole", "state", "onsets", "truth")
_STEP = 5
"""Spectra per step."""
_GOAL, _SEES, _HEARS = (STATE.index(name) for name in ("goal", "sees", "hears"))
_HELD = [STATE.index(name) for name in ("knows_held", "held_radius", "held_height")]


@dataclass(frozen=True, eq=False)
class Variation:
    """What is varied, and how often.

    `sounds` and their shares; chances of a dead sense, of one dying, of a station that is told less
    or more, of hearing nothing but a recording (`listening`), of beginning in mid-pour (`late`). Of
    longer pours the first `longest` steps are taken, of `looks` pictures one.
    """

    sounds: dict[str, float] = field(default_factory=lambda: {"flow": 0.7, "physical": 0.3})
    deaf: float = 0.12
    blind: float = 0.12
    dying: float = 0.08
    untold: float = 0.15
    told: float = 0.15
    listening: float = 0.2
    late: float = 0.1
    longest: int = 130
    looks: int = 2
    noises: Noises = field(default_factory=Noises)


@dataclass(frozen=True, eq=False)
class Batch:
    """Inputs of the network, padded to the longest pour, and targets."""

    inputs: tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
    targets: Targets
    future: Tensor
    """Spectra (B, M, BANDS) without disturbance, from which the next sound is told."""


def example(episode: Episode, variation: Variation, rng: Generator | None) -> Arrays:
    """One pour, varied; without random numbers as it was, with the first sound."""
    names = [name for name in variation.sounds if name in episode.sounds]
    if not names:
        raise ValueError(f"{episode.folder}: has none of {', '.join(variation.sounds)}")
    shares = np.array([variation.sounds[name] for name in names])
    name = names[0] if rng is None else str(rng.choice(names, p=shares / shares.sum()))
    clean = np.asarray(episode[f"{name}_spectra"], np.float32)
    found: Arrays = {
        "spectra": clean, "clean": clean, "ends": np.asarray(episode[f"{name}_ends"], np.int64),
        "crop": episode["crop"], "whole": episode["whole"],
        "state": np.array(episode["state"]), "onsets": np.asarray(episode["onsets"], np.float32),
        "truth": np.array(episode["truth"]),
        "dated": np.float32(1.0), "goal": np.float32(episode["state"][0, _GOAL] * 100.0),
    }  # fmt: skip
    if rng is None:
        return _reduced(found, variation.looks)
    if rng.random() < 0.5:
        found["goal"] = another_goal(found["truth"], rng)
    if rng.random() < variation.listening:
        found = _listening(found, rng)
    else:
        if rng.random() < variation.late:
            found = _from(found, int(rng.integers(len(found["state"]) // 2)))
        _tell(found, np.asarray(episode["target"]), variation, rng)
        kill(found["state"], variation, rng)
    found = _until(found, variation.longest)
    found["state"][:, _GOAL] = found["goal"] / 100.0
    found["clean"] = found["spectra"]
    if len(found["spectra"]):
        found["spectra"] = disturbed(found["spectra"], variation.noises, rng)
    found = _reduced(found, variation.looks)
    if found["state"][:, _SEES].any():
        found["crop"], found["whole"] = looks(found["crop"], found["whole"], rng)
    return found


def _reduced(found: Arrays, every: int) -> Arrays:
    """With merged spectra, and one of `every` pictures."""
    spectra, clean = merged(found["spectra"]), merged(found["clean"])
    crop, whole = found["crop"][::every], found["whole"][::every]
    return {**found, "spectra": spectra, "clean": clean, "ends": found["ends"] // MERGED,
            "crop": crop, "whole": whole}  # fmt: skip


def another_goal(truth: Any, rng: Generator) -> np.float32:
    """A goal [ml] that the pour might have had."""
    most = float(truth[:, TRUTH.index("poured")].max())
    return np.float32(rng.uniform(20.0, most + 60.0))


def _from(found: Arrays, first: int) -> Arrays:
    """The pour from a step on, whose beginning nobody observed."""
    before = int(found["ends"][first - 1]) if first else 0
    cut = {name: found[name][first:] for name in _STEPS}
    ends = found["ends"][first:] - before
    spectra = found["spectra"][before:]
    return {**found, **cut, "ends": ends, "spectra": spectra, "dated": np.float32(first == 0)}


def _until(found: Arrays, last: int) -> Arrays:
    """The pour's first `last` steps."""
    cut = {name: found[name][:last] for name in (*_STEPS, "ends")}
    return {**found, **cut, "spectra": found["spectra"][: int(cut["ends"][-1])]}


def _listening(found: Arrays, rng: Generator) -> Arrays:
    """The sound alone, like a recording that begins somewhere, at smoothly varying speed."""
    truth, ends, spectra = found["truth"], found["ends"], found["spectra"]
    flows = np.flatnonzero(truth[:, TRUTH.index("outflow")] > 1.0)
    if not len(flows) or not len(spectra):
        return found
    onset = int(ends[flows[0]])
    begin = max(0, onset - int(rng.integers(0, 50)))
    if rng.random() < 0.5:
        begin = int(rng.integers(onset, max(onset + 1, int(0.7 * len(spectra)))))
    at: list[float] = []
    position, speed = float(begin), 1.0
    low, high = np.log(_SLOWEST), np.log(_FASTEST)
    wish = rng.uniform(low, high) if rng.random() < 0.7 else 0.0
    while position < len(spectra) - 1 and len(at) < 1100:
        if len(at) % 100 == 99:
            wish = float(np.clip(wish + rng.normal(0, 0.5), low, high))
        speed += 0.03 * (np.exp(wish) - speed)
        at.append(position)
        position += speed
    count = len(at) // _STEP
    if count < 4:
        return found
    taken = np.rint(at[: count * _STEP]).astype(int)
    steps = np.minimum(np.searchsorted(ends, taken[_STEP - 1 :: _STEP]), len(truth) - 1)
    state = np.zeros((count, len(STATE)), np.float32)
    state[:, _HEARS] = 1.0
    return {
        **found, "spectra": spectra[taken], "ends": _STEP * np.arange(1, count + 1),
        "state": state, "onsets": np.zeros((count, *found["onsets"].shape[1:]), np.float32),
        "truth": truth[steps], "dated": np.float32(0.0),
        "crop": found["crop"][:1].repeat(count, 0), "whole": found["whole"][:1].repeat(count, 0),
    }  # fmt: skip


def _tell(found: Arrays, target: Any, variation: Variation, rng: Generator) -> None:
    state = found["state"]
    if rng.random() < variation.untold:
        state[:, TOLD_HELD] = 0.0
        state[:, _HELD] = 0.0
        found["onsets"] *= 0.0
    elif rng.random() < 0.5:
        error = np.float32(rng.normal(1.0, 0.1 if rng.random() < 0.2 else 0.03))
        state[:, TOLD_HELD] *= error
        found["onsets"] *= error
    if rng.random() < variation.told:
        state[:, TOLD_TARGET] = target


def kill(state: Any, variation: Variation, rng: Generator) -> None:
    """Let a sense be dead, die, or drop a few frames; never both."""
    column = _SEES if rng.random() < 0.5 else _HEARS
    if rng.random() < 2 * (variation.blind if column == _SEES else variation.deaf):
        state[:, column] = 0.0
    elif rng.random() < 2 * variation.dying:
        state[int(rng.integers(len(state))) :, column] = 0.0
    elif rng.random() < 0.2:
        state[rng.random(len(state)) < 0.1, _SEES] = 0.0


def looks(crop: Any, whole: Any, rng: Generator) -> tuple[Any, Any]:
    """Other exposure, contrast, colours and noise; a target a little beside its told place."""
    values = np.arange(256) / 255.0
    gain = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.08, 3))
    if rng.random() < 0.08:
        gain = gain * rng.uniform(0.03, 0.4)
    lift, gamma = rng.normal(0, 0.04), np.exp(rng.normal(0, 0.15))
    tables = np.clip(gain[:, None] * values**gamma + lift, 0, 1) * 255
    shift = tuple(int(v) for v in rng.integers(-3, 4, 2))
    sigma = float(rng.exponential(3.0))
    changed = []
    for pictures in (crop, whole):
        found = np.stack([tables[c].astype(np.uint8)[pictures[..., c]] for c in range(3)], -1)
        if pictures is crop:
            found = np.roll(found, shift, (1, 2))
        if sigma > 1.0:
            noise = rng.normal(0, sigma, found.shape[1:]).astype(np.int16)
            rolls = rng.integers(0, noise.shape[1], len(found))
            for picture, roll in zip(found, rolls, strict=True):
                noisy = picture.astype(np.int16) + np.roll(noise, int(roll), 1)
                picture[...] = np.clip(noisy, 0, 255)
        changed.append(found)
    return changed[0], changed[1]


def padded(
    examples: Sequence[Arrays], name: str, device: torch.device, kind: Any = np.float32
) -> Tensor:
    """One array of each pour, (B, N, …), with zeros up to the longest, at least one."""
    arrays = [e[name] for e in examples]
    length = max(1, *map(len, arrays))
    whole = np.zeros((len(arrays), length, *arrays[0].shape[1:]), kind)
    for row, array in zip(whole, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(whole).to(device)


def targets(examples: Sequence[Arrays], device: torch.device) -> Targets:
    """What is to be learnt from pours."""
    ones = [{"valid": np.ones(len(e["truth"]), np.float32)} for e in examples]
    return Targets(
        padded(examples, "truth", device),
        padded(examples, "onsets", device),
        torch.from_numpy(np.array([e["goal"] for e in examples])[:, None]).to(device),
        padded(ones, "valid", device),
        torch.from_numpy(np.array([e["dated"] for e in examples])).to(device),
    )


def batch(examples: Sequence[Arrays], device: torch.device) -> Batch:
    """A batch of pours."""
    kinds = {"spectra": np.float32, "ends": np.int64, "crop": np.uint8, "whole": np.uint8}
    spectra, ends, crop, whole = (padded(examples, n, device, kind) for n, kind in kinds.items())
    state, onsets = (padded(examples, name, device) for name in ("state", "onsets"))
    inputs = spectra, ends, crop, whole, state, onsets
    return Batch(inputs, targets(examples, device), padded(examples, "clean", device))


class Loader:
    """Draws the examples of every step, those of the next while one is learnt from.

    What a step gets depends on its number and the seed only, so a training that resumes gets it
    again, and several processes of a group share what one alone would get.
    """

    def __init__(
        self,
        episodes: Sequence[Episode],
        variation: Variation,
        size: int,
        seed: Sequence[int],
        group: Group,
    ) -> None:
        self._episodes, self._variation = episodes, variation
        self._size = group.size * group.share(size)
        self._group = group
        self._seed = tuple(seed)
        self._pool = ThreadPoolExecutor(1)
        self._ahead: tuple[int, Future[list[Arrays]]] | None = None

    def at(self, step: int) -> list[Arrays]:
        """The examples of a step."""
        ready = self._ahead
        if ready is None or ready[0] != step:
            ready = step, self._pool.submit(self._draw, step)
        self._ahead = step + 1, self._pool.submit(self._draw, step + 1)
        return ready[1].result()

    def _draw(self, step: int) -> list[Arrays]:
        rng = np.random.default_rng([*self._seed, step])
        count = len(self._episodes)
        chosen = rng.choice(count, self._size, replace=count < self._size)
        seeds = rng.spawn(self._size)
        return [
            example(self._episodes[chosen[place]], self._variation, seeds[place])
            for place in self._group.mine(range(self._size))
        ]
