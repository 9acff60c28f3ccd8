"""Mixes several channels to one, and finds faulty ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DEAD = 1e-5
"""Below half a step of 16 bits: not even the converter's own noise."""
_LIVING = 1e-3
"""RMS above which a channel carries sound."""
_FULL_SCALE = 0.9995
_ANTIPHASE = -0.9
"""Channels with a correlation below this cancel each other."""
_SPAN = 1.0
"""Length of sound to check at a time [s]."""


class Channels:
    """Mixes a microphone's channels, or selects one.

    Args:
        rate: samples per second.
        channel: to select, counted from 1; 0 for the mean.
    """

    def __init__(self, rate: int, channel: int = 0) -> None:
        self._channel = channel
        self._span = round(_SPAN * rate)
        self._heard: list[NDArray[np.float32]] = []
        self.fault = ""
        """Faulty channels; empty if there are none."""

    def mix(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """One channel (N,) of samples (N, C) in [-1, 1]."""
        if samples.shape[1] == 1:
            return samples[:, 0]
        self._heard.append(samples)
        if sum(map(len, self._heard)) >= self._span:
            self.fault = self._judge(np.concatenate(self._heard))
            self._heard = []
        if self._channel:
            return samples[:, self._channel - 1]
        return samples.mean(axis=1, dtype=np.float32)

    def _judge(self, samples: NDArray[np.float32]) -> str:
        """The fault in a second of sound (N, C)."""
        peaks = np.abs(samples).max(axis=0)
        powers = np.sqrt((samples.astype(float) ** 2).mean(axis=0))
        living, dead, clipped = powers > _LIVING, peaks < _DEAD, peaks >= _FULL_SCALE
        best = int(np.where(clipped, 0.0, powers).argmax()) + 1
        concerned = np.ones(len(peaks), bool)
        if self._channel:
            concerned[:] = False
            concerned[self._channel - 1] = True
        if (dead & concerned).any() and living.any():
            return f"{_named(dead & concerned)} silent, others not; choose channel:={best}"
        if (clipped & concerned).any() and not clipped.all():
            clipping = f"{_named(clipped & concerned)} clipping, others not"
            return f"{clipping}; turn the gain down, or choose channel:={best}"
        if self._channel or living.sum() < 2:
            return ""
        heard = np.flatnonzero(living)
        correlation = np.atleast_2d(np.corrcoef(samples[:, heard].T))
        first, second = np.unravel_index(correlation.argmin(), correlation.shape)
        if correlation[first, second] < _ANTIPHASE:
            pair = f"channels {heard[first] + 1} and {heard[second] + 1}"
            return f"{pair} are in antiphase and cancel each other; choose channel:={best}"
        return ""


def _named(which: NDArray[np.bool_]) -> str:
    numbers = [str(index + 1) for index in np.flatnonzero(which)]
    return f"channel {numbers[0]} is" if len(numbers) == 1 else f"channels {', '.join(numbers)} are"
