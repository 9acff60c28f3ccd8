"""Training pairs of unit-level sound and its conditions: recorded and physically synthesised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from multigen_audio.flow.conditions import HOPS_PER_SECOND, MATERIALS, Conditions
from multigen_audio.flow.features import LEVEL, envelope, loudness
from multigen_audio.physical import Microphone, Peak, Physical, PhysicalConfig, Room
from multigen_audio.pours import simulation as pours
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.recorded.clips import load, prepare
from multigen_audio.recorded.splits import split
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.learning import mel
from multigen_core.types import LiquidState
from multigen_core.world.acoustics import Resonator
from multigen_core.world.catalogue import liquid, reference
from multigen_core.world.recordings import Recording, RecordingError, read_recordings
from multigen_core.world.vessel import Vessel

Floats = NDArray[np.float32]

_LIP = 0.10
"""Height [m] above the mouth from which recorded pours are taken to fall."""
_EVEN_SPAN, _EVEN_MOST = 1.0, 2.0
"""Span [s] over which, and factor by which at most, a recording's loudness is evened out."""
_QUIET = 10 ** (-16 / 20)
"""Part of a recording's level under which nothing is being poured."""
_FAINT = LEVEL * 10 ** (-26 / 20)
"""Loudness under which the physical synthesizer teaches nothing."""
_LIQUIDS = ("water", "water", "hot_water", "milk", "orange_juice", "tea", "oil")
_HEARD = 0.25
"""Share of a recording whose resonance must be trusted to tell how full it ended."""


@dataclass(frozen=True, eq=False)
class Example:
    """One pour: `sound` (T * mel.HOP,) divided by its expected loudness, and T conditions.

    `use` (T,) tells where the sound is that of the conditions.
    """

    conditions: Conditions
    sound: Floats
    use: NDArray[np.bool_]
    real: bool


def recorded(recording: Recording) -> Example:
    """A recording, whose state follows from its vessel, a steady flow and the tracked resonance.

    Raises:
        RecordingError: its sound cannot be used.
    """
    clip = prepare(recording, SAMPLE_RATE)
    sound = load(recording, SAMPLE_RATE)
    count = len(sound) // mel.HOP
    sound = sound[: count * mel.HOP]
    body = recording.vessel
    resonator = Resonator(body)
    time = (np.arange(count) + 0.5) / HOPS_PER_SECOND
    frames = np.arange(len(clip.pitch)) * clip.hop / SAMPLE_RATE
    nearest = np.clip(np.round(time * SAMPLE_RATE / clip.hop).astype(int), 0, len(frames) - 1)
    heard = clip.usable[nearest]
    filled = 1.0
    duration = len(sound) / SAMPLE_RATE
    if heard.mean() > _HEARD:
        by_ear = body.volume(resonator.level(2.0 ** clip.pitch[clip.usable])) / body.capacity
        steady = np.clip(frames[clip.usable] / duration, 0.05, 1.0)
        filled = float(np.clip(np.median(by_ear / steady), 0.4, 1.0))
    level = body.level(np.clip(filled * time / duration, 0.0, 1.0) * body.capacity)
    air = body.height - level
    water = liquid("water")
    now = Conditions.of(
        0, count, body,
        flow=filled * body.capacity / duration,
        resonance=np.where(heard, 2.0 ** np.interp(time, frames, clip.pitch), 0.0),
        air_column=air,
        level=level / body.height,
        impact_speed=np.sqrt(2 * 9.81 * (air + _LIP) + 0.3**2),
        viscosity=water.viscosity, bubbliness=water.bubbliness, temperature=water.temperature,
    )  # fmt: skip
    unit, use = _unit(sound, loudness(now))
    return Example(now, unit, use, real=True)


def _unit(sound: NDArray[np.float64], expected: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """A recording at unit level, whatever its gain was, and where something is being poured."""
    square = np.mean(sound.reshape(len(expected), mel.HOP) ** 2, axis=1)
    ratio = np.sqrt(gaussian_filter1d(square, 0.5 * _EVEN_SPAN * HOPS_PER_SECOND)) / expected
    middle = float(np.median(ratio))
    use = np.sqrt(gaussian_filter1d(square, 5.0)) > _QUIET * np.sqrt(np.median(square))
    gain = 1.0 / (expected * np.clip(ratio, middle / _EVEN_MOST, middle * _EVEN_MOST))
    return _scaled(sound, gain), use


def _scaled(sound: NDArray[np.floating], gain: NDArray[np.floating]) -> Floats:
    """A sound times one gain for each hop, joined by lines."""
    middle = (np.arange(len(gain)) + 0.5) * mel.HOP
    samples = np.interp(np.arange(len(sound)), middle, gain)
    return np.asarray(sound * samples, np.float32)


def synthesised(states: Sequence[LiquidState], seed: int) -> Example:
    """The physical synthesizer's sound of a pour, in half of them in a room."""
    rng = np.random.default_rng([seed, 5])
    physical = Physical(seed=seed, config=_surroundings(rng))
    for state in states:
        physical.push(state)
    sound = np.concatenate([chunk.samples for chunk in physical.pull()])
    now = Conditions.of_states(states)
    count = min(len(now), len(sound) // mel.HOP)
    now = Conditions(now.stamp, now.values[:count])
    expected = envelope(loudness(now))
    unit = _scaled(sound[: count * mel.HOP], 1.0 / np.maximum(expected, _FAINT))
    return Example(now, unit, expected > _FAINT, real=False)


def _surroundings(rng: np.random.Generator) -> PhysicalConfig:
    room = Room(
        size=(rng.uniform(2.5, 7), rng.uniform(2.5, 6), rng.uniform(2.3, 3.2)),
        reflection=rng.uniform(0.4, 0.8),
        decay=rng.uniform(0.15, 0.6),
        wet=rng.uniform(-14, -4),
        seed=int(rng.integers(2**31)),
    )
    microphone = Microphone(
        low=rng.uniform(40, 150),
        high=rng.uniform(5000, 7800),
        peaks=(Peak(frequency=rng.uniform(500, 5000), gain=rng.uniform(-4, 4)),),
    )
    return PhysicalConfig(
        noise_floor=-90.0,
        room=room if rng.random() < 0.5 else None,
        microphone=microphone if rng.random() < 0.5 else None,
    )


def recorded_examples(
    folder: Path, tell: Callable[[str], None], held_out: bool = False
) -> list[Example]:
    """Examples of the recordings to train on, or of those kept for evaluation.

    Raises:
        RecordingError: none of those to train on can be used.
    """
    recordings, skipped = read_recordings(folder)
    chosen = split(recordings)[held_out]
    examples = []
    for recording in chosen:
        try:
            examples.append(recorded(recording))
        except RecordingError as error:
            skipped.append(str(error))
    if not examples and not held_out:
        raise RecordingError(f"{folder}: no usable recording; {'; '.join(skipped[:3])}")
    tell(
        f"{len(examples)} recordings{' kept for evaluation' if held_out else ''}"
        + (f", {len(skipped)} left out" if skipped else "")
    )
    for line in skipped:
        tell(line)
    return examples


def synthesised_examples(files: Iterable[Path]) -> list[Example]:
    """Examples of saved pours.

    Raises:
        MultigenError: a file is damaged, or nothing flows in any.
    """
    examples = [synthesised(pour.states, pour.seed) for pour in map(pours.load, files)]
    if not any(example.use.any() for example in examples):
        raise MultigenError("nothing flows in any of the simulated pours")
    return examples


def scripted_examples(seeds: Iterable[int]) -> list[Example]:
    """Examples of steady pours into vessels of any shape, among them narrow, deep and bottles."""
    examples = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 6])
        body = _any_vessel(rng)
        volume = float(rng.uniform(0.0, 0.8)) * body.capacity
        flow = float(np.exp(rng.uniform(np.log(3e-6), np.log(9e-5))))
        seconds = float(np.clip((body.capacity - volume) / flow, 3.0, 12.0))
        states = steady_pour(
            reference(body), flow, 0.3, seconds - 0.3, seconds, str(rng.choice(_LIQUIDS)),
            lip=float(rng.uniform(0.03, 0.15)), volume=volume,
        )  # fmt: skip
        examples.append(synthesised(list(states), seed))
    return examples


def _any_vessel(rng: np.random.Generator) -> Vessel:
    height = float(np.exp(rng.uniform(np.log(0.04), np.log(0.28))))
    radius = float(np.exp(rng.uniform(np.log(0.018), np.log(0.06))))
    mouth = radius * float(rng.uniform(0.75, 1.5))
    profile = [(0.0, radius), (height, mouth)]
    if rng.random() < 0.4:
        neck = radius * float(rng.uniform(0.25, 0.6))
        shoulder = height * float(rng.uniform(0.5, 0.8))
        bent = shoulder + (height - shoulder) * float(rng.uniform(0.2, 0.7))
        profile = [(0.0, radius), (shoulder, radius), (bent, neck), (height, neck)]
    return Vessel(
        description="of any shape",
        profile=tuple(profile),
        wall=float(np.exp(rng.uniform(np.log(5e-4), np.log(5e-3)))),
        mass=0.2,
        material=MATERIALS[int(rng.integers(len(MATERIALS)))],
        opaque=False,
    )
