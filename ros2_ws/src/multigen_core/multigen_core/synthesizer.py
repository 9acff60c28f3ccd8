"""The protocol every audio synthesizer fills, and the sources it may listen to."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import numpy as np

from multigen_core.types import AudioChunk, CameraFrame, LiquidState, to_nanoseconds


class Source(Enum):
    """What drives a synthesizer: pictures, or the simulator's ground truth."""

    FRAMES = "frames"
    LIQUID_STATE = "liquid_state"


class Synthesizer(Protocol):
    """Turns a stream of stamped pictures (or liquid states) into sound of the same time span.

    Sound starts at the first input's stamp and grows without gaps as inputs arrive: after an input
    with stamp t, `pull` has given every sample before t - latency.
    """

    source: Source
    sample_rate: int
    """[Hz]"""
    latency: float
    """How far the sound given lags behind the newest input [s]."""

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one input; stamps must rise."""

    def pull(self) -> list[AudioChunk]:
        """The sound ready since the last call, contiguous and in order."""

    def reset(self) -> None:
        """Forget the past; the next input starts a new stream."""


class Silent:
    """Gives zeros in step with its inputs: the ablation of sound, and the tests' stand-in."""

    source = Source.LIQUID_STATE
    latency = 0.0

    def __init__(self, sample_rate: int = 16_000) -> None:
        self.sample_rate = sample_rate
        self.reset()

    def reset(self) -> None:
        self._next: int | None = None
        self._newest = 0

    def push(self, item: CameraFrame | LiquidState) -> None:
        if self._next is None:
            self._next = item.stamp
        self._newest = item.stamp

    def pull(self) -> list[AudioChunk]:
        if self._next is None:
            return []
        count = (self._newest - self._next) * self.sample_rate // 1_000_000_000
        if count <= 0:
            return []
        chunk = AudioChunk(self._next, np.zeros(count, np.float32), self.sample_rate)
        self._next += to_nanoseconds(count / self.sample_rate)
        return [chunk]
