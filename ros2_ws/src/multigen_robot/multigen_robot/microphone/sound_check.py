"""Detects silent and clipped sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FULL_SCALE = 0.9995
_SILENCE = 1e-5
"""Below half a step of 16 bits: not even the converter's own noise."""


class SoundCheck:
    """Counts clipped samples, and tracks how long a microphone has given only zeros."""

    def __init__(self, sample_rate: int, patience: float = 1.0) -> None:
        self._rate = sample_rate
        self._patience = patience
        self._zeros = 0
        self._since_clipping: float | None = None
        self.clipped = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        """Check samples in [-1, 1], (N,)."""
        loud = np.flatnonzero(np.abs(samples) > _SILENCE)
        self._zeros = len(samples) - 1 - loud[-1] if len(loud) else self._zeros + len(samples)
        clipped = int(np.count_nonzero(np.abs(samples) >= _FULL_SCALE))
        self.clipped += clipped
        if clipped:
            self._since_clipping = 0.0
        elif self._since_clipping is not None:
            self._since_clipping += len(samples) / self._rate

    @property
    def fault(self) -> str:
        """The fault of the sound; empty if there is none."""
        if self._zeros > self._patience * self._rate:
            return "silent: only zeros; is the microphone muted?"
        if self._since_clipping is not None and self._since_clipping < 5.0:
            return "clipping; turn the microphone's gain down"
        return ""
