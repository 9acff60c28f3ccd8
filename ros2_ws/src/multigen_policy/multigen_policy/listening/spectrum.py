"""Log-frequency spectra of a sound stream, and the contrast of each bin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.contract import SAMPLE_RATE

Floats = NDArray[np.float64]

WINDOW = 2048
"""Samples per spectrum; 128 ms resolve 150 cents at 100 Hz."""
HOP = 320
"""Samples between spectra; 50 spectra per second."""
PERIOD = HOP / SAMPLE_RATE
DELAY = WINDOW / 2 / SAMPLE_RATE
"""Time from the centre of a spectrum's window to its last sample [s]."""
LOWEST, HIGHEST, PER_OCTAVE = 110.0, 7800.0, 36
SILENCE = 1e-12
"""Power of digital silence."""
_NEIGHBOURHOOD = 24.0
"""Standard deviation of the neighbourhood that a bin is compared with [bins]."""
_LINE_RISE = 2.0
"""Rate at which a stationary line is absorbed into its floor [dB/s]."""

FREQUENCIES: Floats = np.exp2(np.arange(np.log2(LOWEST), np.log2(HIGHEST), 1 / PER_OCTAVE))
"""Frequencies of the bins [Hz], (B,)."""


@cache
def _tables() -> tuple[Floats, Floats, Floats]:
    """Window (WINDOW,), band weights (bins of the FFT, B) and neighbourhood average (B, B)."""
    window = np.hanning(WINDOW + 1)[:-1]
    window /= np.sqrt((window**2).sum())
    linear = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    width = np.maximum(FREQUENCIES * (2 ** (1 / PER_OCTAVE) - 1), linear[1])
    bands = np.maximum(1 - np.abs(linear[:, None] - FREQUENCIES) / width, 0.0)
    index = np.arange(len(FREQUENCIES))
    near = np.exp(-0.5 * ((index[:, None] - index) / _NEIGHBOURHOOD) ** 2)
    return window, bands / bands.sum(axis=0), near / near.sum(axis=0)


def spectra(frames: ArrayLike) -> Floats:
    """Power [dB re full scale] in each bin, (..., B), of frames of samples (..., WINDOW)."""
    window, bands, _ = _tables()
    power = np.abs(np.fft.rfft(np.asarray(frames) * window, axis=-1)) ** 2
    return np.asarray(10 * np.log10(power @ bands + SILENCE))


class SpectrumStream:
    """Splits a stream into overlapping frames; the stream starts with half a window of silence."""

    def __init__(self) -> None:
        self._kept = np.zeros(WINDOW // 2, np.float32)

    def push(self, samples: NDArray[np.float32]) -> Floats:
        """The spectra (N, B) that these samples complete, one every HOP."""
        self._kept = np.concatenate([self._kept, np.asarray(samples, np.float32)])
        count = (len(self._kept) - WINDOW) // HOP + 1
        if count <= 0:
            return np.zeros((0, len(FREQUENCIES)))
        frames = np.lib.stride_tricks.sliding_window_view(self._kept, WINDOW)[::HOP][:count]
        self._kept = self._kept[count * HOP :]
        # One frame at a time, so that a spectrum never depends on how the stream was split.
        return np.stack([spectra(frame) for frame in frames])


def neighbourhood() -> Floats:
    """Weights (B, B) of the neighbourhood average that a bin is compared with."""
    return _tables()[2]


@dataclass
class Contrast:
    """How far each bin stands above its neighbourhood [dB], without stationary lines such as hum.

    A line is what stands out continuously: its floor follows the contrast down immediately and up
    slowly.
    """

    period: float = PERIOD

    def __post_init__(self) -> None:
        self._line = np.zeros(len(FREQUENCIES))

    def push(self, spectrum: Floats, quiet: bool) -> Floats:
        """The contrast (B,) of a spectrum; `quiet`: there is no flow, so all lines are noise."""
        contrast = spectrum - spectrum @ _tables()[2]
        rise = 30.0 if quiet else _LINE_RISE
        self._line = np.maximum(np.minimum(self._line + rise * self.period, contrast), 0.0)
        return np.asarray(contrast - self._line)
