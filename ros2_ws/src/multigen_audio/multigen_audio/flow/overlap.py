"""Short-time Fourier analysis and synthesis, hop by hop."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from multigen_core.learning.mel import HOP, WINDOW, window

Floats = NDArray[np.float32]

_SCALE = float(1.0 / np.sqrt(np.sum(window() ** 2)))
"""Makes a spectrum's bins of RMS 1 for white noise of RMS 1."""


@cache
def _weight() -> Floats:
    """Of each sample of a hop, the sum of the squares of the windows over it, (HOP,)."""
    square = np.pad(window() ** 2, (0, -WINDOW % HOP))
    return np.asarray(square.reshape(-1, HOP).sum(axis=0), np.float32)


class Analysis:
    """Spectra of a growing sound: each of the WINDOW samples that end with a hop."""

    def __init__(self) -> None:
        self._past = np.zeros(WINDOW - HOP, np.float32)

    def push(self, sound: Floats) -> Floats:
        """Real, then imaginary parts (T, 2 BINS) after T more hops of sound."""
        line = np.concatenate([self._past, sound])
        frames = np.lib.stride_tricks.sliding_window_view(line, WINDOW)[::HOP]
        self._past = line[len(line) - (WINDOW - HOP) :]
        spectra = np.fft.rfft(frames * (window() * _SCALE), axis=1)
        return np.concatenate([spectra.real, spectra.imag], axis=1).astype(np.float32)


class Synthesis:
    """Sound of a growing series of spectra: with each, the first hop under its window is done."""

    def __init__(self) -> None:
        self._open = np.zeros(WINDOW - HOP, np.float32)

    def push(self, spectra: Floats) -> Floats:
        """T * HOP samples from T more spectra, parts as `Analysis` gives them."""
        real, imaginary = np.split(spectra, 2, axis=1)
        frames = np.fft.irfft(real + 1j * imaginary, WINDOW, axis=1) * (window() / _SCALE)
        count = len(frames)
        line = np.zeros(count * HOP + WINDOW - HOP, np.float32)
        line[: len(self._open)] = self._open
        for index, frame in enumerate(frames):
            line[index * HOP : index * HOP + WINDOW] += frame.astype(np.float32)
        self._open = line[count * HOP :]
        return np.asarray(line[: count * HOP] / np.tile(_weight(), count), np.float32)
