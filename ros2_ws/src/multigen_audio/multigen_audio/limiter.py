"""Soft limiting to full scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_KNEE = 0.7


def limit(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sound below full scale: unchanged up to 0.7, then tanh towards 1."""
    loud = np.abs(sound)
    if loud.max(initial=0.0) <= _KNEE:
        return sound
    soft = _KNEE + (1 - _KNEE) * np.tanh((loud - _KNEE) / (1 - _KNEE))
    return np.where(loud <= _KNEE, sound, np.copysign(soft, sound))
