"""Sharpens the resonance beyond the resolution of the networks' 32 ms spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from multigen_core.contract import SAMPLE_RATE
from multigen_core.learning.mel import HOP, WINDOW

Floats = NDArray[np.float32]

_HEIGHT = 4.0
"""By how much high resonances are raised [dB]."""
_QUALITY = 16.0
_COARSE = _QUALITY * SAMPLE_RATE / WINDOW
"""Resonance [Hz] below which a ridge is narrower than the spectra's bins."""
_LOWEST, _HIGHEST = 50.0, 0.45 * SAMPLE_RATE
_GLIDE = 2.0 ** (1 / 12)
"""Factor by which it moves at most in a hop: a filter whose poles leap may grow without end."""


class Ridge:
    """A peaking filter that follows the resonance (Bristow-Johnson's audio EQ cookbook).

    Low resonances are raised more: the power of a ridge narrower than a bin spreads over the bin.
    """

    def __init__(self) -> None:
        self._state = np.zeros(2)
        self._at = 0.0

    def push(self, sound: NDArray[np.floating], resonance: Floats) -> NDArray[np.float64]:
        """T more hops of sound, (T * HOP,), at a resonance [Hz], (T,), 0 where there is none."""
        frequency = self._followed(resonance)
        raised = _HEIGHT + 10 * np.log10(1 + (_COARSE / frequency) ** 2)
        height = np.where(resonance > 0, 10 ** (raised / 40), 1.0)
        angle = 2 * np.pi / SAMPLE_RATE * frequency
        width, middle = np.sin(angle) / (2 * _QUALITY), -2 * np.cos(angle)
        first = 1 + width / height
        rows = (1 + width * height, middle, 1 - width * height, first, middle, 1 - width / height)
        out = np.empty(len(sound))
        for index, row in enumerate(np.stack(rows, axis=1) / first[:, None]):
            hop = slice(index * HOP, (index + 1) * HOP)
            out[hop], self._state = lfilter(row[:3], row[3:], sound[hop], zi=self._state)
        return out

    def _followed(self, resonance: Floats) -> NDArray[np.float64]:
        """The filter's frequencies [Hz]; where there is no resonance, it stays."""
        out = np.empty(len(resonance))
        for index, wanted in enumerate(np.clip(resonance, _LOWEST, _HIGHEST)):
            if resonance[index] > 0:
                at = self._at or wanted
                self._at = float(np.clip(wanted, at / _GLIDE, at * _GLIDE))
            out[index] = self._at or wanted
        return out
