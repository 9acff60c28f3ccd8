"""A synthesizer's sound of a pour, generated input by input as live."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from multigen_core.synthesizer import Synthesizer
from multigen_core.types import NANOSECONDS, AudioChunk, CameraFrame, LiquidState, to_seconds

PERIOD = 0.1
"""How much sound is asked for at once [s]."""


@dataclass(frozen=True, eq=False)
class Rendition:
    """A synthesizer's sound of one pour."""

    samples: NDArray[np.float64]
    """(N,), from the first input's stamp on."""
    sample_rate: int
    work: float
    """Processor time that the sound took [s]."""
    latency: NDArray[np.float64]
    """Age of each chunk's first sample when it is ready [s], (C,), at the real pace."""
    seconds: float
    """Of sound."""

    def without_sound(self) -> Rendition:
        """The same, lighter."""
        return replace(self, samples=np.empty(0))


def render(synthesizer: Synthesizer, inputs: Sequence[CameraFrame | LiquidState]) -> Rendition:
    """Play inputs to a synthesizer and take its sound every PERIOD.

    Latency is that of one worker that takes inputs as they come at the pace of their stamps: it
    waits for them, and they for it.

    Raises:
        MultigenError: the synthesizer cannot use an input.
    """
    _warm_up(synthesizer, inputs)
    chunks: list[AudioChunk] = []
    ages: list[float] = []
    free = 0.0
    began = time.process_time()
    pending = inputs[0].stamp
    for item in inputs:
        start = time.perf_counter()
        synthesizer.push(item)
        now = to_seconds(item.stamp)
        free = max(free, now)
        if item.stamp - pending >= round(PERIOD * NANOSECONDS) or item is inputs[-1]:
            pending = item.stamp
            ready = synthesizer.pull()
            free += time.perf_counter() - start
            chunks += ready
            ages += [free - to_seconds(chunk.stamp) for chunk in ready]
        else:
            free += time.perf_counter() - start
    work = time.process_time() - began
    samples = joined(chunks, inputs[0].stamp, synthesizer.sample_rate)
    seconds = len(samples) / synthesizer.sample_rate
    return Rendition(samples, synthesizer.sample_rate, work, np.array(ages), seconds)


def _warm_up(synthesizer: Synthesizer, inputs: Sequence[CameraFrame | LiquidState]) -> None:
    """Have it load what it loads at the first inputs."""
    synthesizer.reset()
    for item in inputs[:3]:
        synthesizer.push(item)
    synthesizer.pull()
    synthesizer.reset()


def whole(
    synthesizer: Synthesizer, inputs: Sequence[CameraFrame | LiquidState]
) -> NDArray[np.float64]:
    """The sound (N,) of all inputs at once."""
    synthesizer.reset()
    for item in inputs:
        synthesizer.push(item)
    return joined(synthesizer.pull(), inputs[0].stamp, synthesizer.sample_rate)


def joined(chunks: Sequence[AudioChunk], origin: int, sample_rate: int) -> NDArray[np.float64]:
    """Contiguous chunks as one array (N,) that begins at the time `origin` [ns]."""
    if not chunks:
        return np.empty(0)
    samples = np.concatenate([chunk.samples for chunk in chunks]).astype(np.float64)
    late = round((chunks[0].stamp - origin) * sample_rate / NANOSECONDS)
    return np.pad(samples, (late, 0)) if late > 0 else samples[-late:]
