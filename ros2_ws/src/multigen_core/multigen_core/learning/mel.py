"""Log-mel spectrograms."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.contract import SAMPLE_RATE

Floats = NDArray[np.float32]

BANDS = 80
HOP = 160
"""Hop length [samples]."""
WINDOW = 512
"""Window length [samples]; windows are centred on their hops."""
FLOOR = 1e-3
"""Lower limit of magnitudes; white noise of RMS 1 has magnitude 1 in every band."""
LEAD = (WINDOW - HOP) // 2
"""How far a window extends beyond its hop on either side [samples]."""
_BINS = 2 * WINDOW
_LOWEST = 50.0


def to_mel(frequency: ArrayLike) -> NDArray[np.float64]:
    """Frequency [Hz] in mel (O'Shaughnessy 1987)."""
    return 2595.0 * np.log10(1.0 + np.asarray(frequency, np.float64) / 700.0)


def _from_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


@cache
def _edges() -> NDArray[np.float64]:
    return _from_mel(np.linspace(to_mel(_LOWEST), to_mel(SAMPLE_RATE / 2), BANDS + 2))


def centres() -> NDArray[np.float64]:
    """Centre frequencies of the bands [Hz], (BANDS,)."""
    return _edges()[1:-1]


@cache
def filters() -> Floats:
    """Triangular filters over the bins of a spectrum, each with sum 1, (BANDS, WINDOW + 1)."""
    low, middle, high = (_edges()[i : BANDS + i, None] for i in range(3))
    f = np.arange(_BINS // 2 + 1) * SAMPLE_RATE / _BINS
    rise, fall = (f - low) / (middle - low), (high - f) / (high - middle)
    triangles = np.maximum(np.minimum(rise, fall), 0.0)
    return np.asarray(triangles / triangles.sum(axis=1, keepdims=True), np.float32)


@cache
def window() -> Floats:
    """Periodic Hann window, (WINDOW,)."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW), np.float32)


def log_mel(sound: NDArray[np.floating]) -> Floats:
    """Natural logarithm of each band's RMS in every whole hop: (N,) samples, (N // HOP, BANDS)."""
    count = len(sound) // HOP
    if not count:
        return np.zeros((0, BANDS), np.float32)
    padded = np.pad(np.asarray(sound, np.float32), (LEAD, LEAD + HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    scale = 1.0 / np.sqrt(np.sum(window() ** 2))
    power = np.abs(np.fft.rfft(frames * (window() * scale), _BINS, axis=1)) ** 2
    return np.asarray(0.5 * np.log(np.maximum(power @ filters().T, FLOOR**2)), np.float32)
