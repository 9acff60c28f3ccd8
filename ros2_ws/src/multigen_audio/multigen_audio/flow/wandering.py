"""The voice's input noise, correlated in time, band by band.

Pouring swells and bubbles: its spectra rise and fall together, over 20 ms as over seconds. A causal
network cannot generate such spectra in so few steps from noise that is independent in every hop.
The noise is therefore a sum of processes with different decay rates, which the voice mixes to match
the correlation of recorded spectra in time and between bands.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter

from multigen_core.learning.mel import BANDS

Floats = NDArray[np.float32]

KEEPS = (0.0, 0.6, 0.9, 0.975, 0.997)
"""What each process keeps from hop to hop."""


class Wandering:
    """First-order autoregressive noise of variance 1, one for each of KEEPS and BANDS."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        first = rng.standard_normal((len(KEEPS), BANDS), np.float32)
        self._state = [keep * row[None] for keep, row in zip(KEEPS, first, strict=True)]

    def next(self, count: int) -> Floats:
        """The next hops, (count, len(KEEPS), BANDS)."""
        white = self._rng.standard_normal((count, len(KEEPS), BANDS), np.float32)
        out = np.empty_like(white)
        for index, keep in enumerate(KEEPS):
            new = white[:, index] * np.sqrt(1.0 - keep**2)
            out[:, index], self._state[index] = lfilter(
                [1.0], [1.0, -keep], new, axis=0, zi=self._state[index]
            )
        return out
