"""White noise: the upper bound of every distance, and the chance level of every figure."""

from __future__ import annotations

import numpy as np

from multigen_core.contract import SAMPLE_RATE
from multigen_core.synthesizer import Source
from multigen_core.types import NANOSECONDS, AudioChunk, CameraFrame, LiquidState

_LEVEL = 10 ** (-30 / 20)


class WhiteNoise:
    """White noise of one level in step with its inputs, whatever they show."""

    source = Source.LIQUID_STATE
    latency = 0.0

    def __init__(self, seed: int = 0, sample_rate: int = SAMPLE_RATE) -> None:
        self.sample_rate = sample_rate
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        self._rng = np.random.default_rng(self._seed)
        self._origin: int | None = None
        self._newest = self._given = 0

    def push(self, item: CameraFrame | LiquidState) -> None:
        if self._origin is None:
            self._origin = item.stamp
        self._newest = item.stamp

    def pull(self) -> list[AudioChunk]:
        if self._origin is None:
            return []
        end = (self._newest - self._origin) * self.sample_rate // NANOSECONDS
        if end <= self._given:
            return []
        stamp = self._origin + self._given * NANOSECONDS // self.sample_rate
        samples = _LEVEL * self._rng.standard_normal(end - self._given)
        self._given = end
        return [AudioChunk(stamp, samples.astype(np.float32), self.sample_rate)]
