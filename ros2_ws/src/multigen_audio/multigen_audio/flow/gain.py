"""Automatic gain control: keeps the networks' sound at unit level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.conditions import HOPS_PER_SECOND
from multigen_core.learning.mel import HOP

_SPAN = 0.6
"""Averaging time of the level [s]; longer lets loudness drift, shorter flattens bursts."""
_MOST = 2.0
"""Largest gain factor."""


class Gain:
    """Divides a sound by the root of its mean square of late, hop by hop."""

    def __init__(self) -> None:
        self._square = self._gain = 1.0

    def push(self, sound: NDArray[np.floating], sounding: NDArray[np.bool_]) -> NDArray[np.float64]:
        """T more hops of sound, (T * HOP,); the level is taken where it is `sounding`, (T,)."""
        keep = np.exp(-1.0 / (_SPAN * HOPS_PER_SECOND))
        gains = [self._gain]
        for square, counts in zip(
            np.mean(sound.reshape(-1, HOP) ** 2, axis=1), sounding, strict=True
        ):
            if counts:
                self._square = float(keep * self._square + (1 - keep) * square)
            gains.append(float(np.clip(self._square**-0.5, 1 / _MOST, _MOST)))
        self._gain = gains[-1]
        at = np.arange(len(sound)) / HOP
        return sound * np.interp(at, np.arange(len(gains)), gains)
