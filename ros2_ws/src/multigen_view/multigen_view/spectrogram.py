"""The last seconds of a sound stream as a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.types import NANOSECONDS, AudioChunk, to_seconds

SECONDS = 8.0
"""What the picture spans."""
ROWS, COLUMNS = 140, 500
LOWEST, HIGHEST = 100.0, 6400.0
"""Frequencies at the lower and upper edge [Hz]."""
HOP = round(SECONDS * SAMPLE_RATE / COLUMNS)
_WINDOW = 2048
_NOTHING = -200.0
"""Level of missing sound [dB]."""
_QUIET = -60.0
"""Least that counts as loud [dB]: a silent room stays dark."""
_SPAN = 50.0
"""Range of the colours below the loudest [dB]."""
_FADE = 0.02
"""How fast the loudest is forgotten [dB per column]."""

_FREQUENCIES = np.geomspace(HIGHEST, LOWEST, ROWS)


def row(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where frequencies [Hz] are [pixels from the top]."""
    octaves = np.log2(HIGHEST / frequency)
    return np.asarray(octaves / np.log2(HIGHEST / LOWEST) * ROWS)


class Spectrogram:
    """Scrolls with the stream's time; missing sound is left dark."""

    def __init__(self) -> None:
        bins = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
        width = np.maximum(_FREQUENCIES * np.log(HIGHEST / LOWEST) / ROWS, bins[1])
        bands = np.maximum(1 - np.abs(bins[:, None] - _FREQUENCIES) / width, 0.0)
        self._bands = (bands / bands.sum(axis=0)).astype(np.float32)
        taper = np.hanning(_WINDOW)
        self._taper = (taper / taper.sum()).astype(np.float32)
        self._loudest = _QUIET
        self._clear()

    def _clear(self) -> None:
        self._levels = np.full((ROWS, COLUMNS), _NOTHING, np.float32)
        self._waiting = np.zeros(_WINDOW - HOP, np.float32)
        self.end: int | None = None
        """Time just after the newest sample [ns]."""

    def push(self, chunk: AudioChunk) -> None:
        """Append a chunk of the contract's sound; a jump of the clock starts anew."""
        gap = 0.0 if self.end is None else to_seconds(chunk.stamp - self.end)
        if not -1.0 < gap < SECONDS:
            self._clear()
        missing = max(0, round(gap * SAMPLE_RATE)) if gap > 1.5 * HOP / SAMPLE_RATE else 0
        silence = np.zeros(missing if self.end is not None else 0, np.float32)
        self.end = chunk.end
        self._append(np.concatenate([self._waiting, silence, chunk.samples]))

    def _append(self, samples: NDArray[np.float32]) -> None:
        count = (len(samples) - _WINDOW) // HOP + 1
        if count <= 0:
            self._waiting = samples
            return
        pieces = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::HOP][:count]
        self._waiting = samples[count * HOP :]
        power = np.abs(np.fft.rfft(pieces[-COLUMNS:] * self._taper, axis=1)) ** 2
        levels = 10 * np.log10(power.astype(np.float32) @ self._bands + 10 ** (_NOTHING / 10))
        self._loudest = max(float(levels.max()), self._loudest - _FADE * count, _QUIET)
        self._levels = np.concatenate([self._levels, levels.T], axis=1)[:, -COLUMNS:]

    def column(self, stamps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Where times [ns] are [pixels from the left]: the centres of their windows."""
        assert self.end is not None
        newest = self.end - NANOSECONDS * (len(self._waiting) + HOP // 2) // SAMPLE_RATE
        newest += NANOSECONDS * (_WINDOW // 2 - HOP // 2) // SAMPLE_RATE
        return np.asarray(COLUMNS + (stamps - newest) * (SAMPLE_RATE / NANOSECONDS / HOP))

    def picture(self) -> NDArray[np.uint8]:
        """The picture, BGR (ROWS, COLUMNS, 3)."""
        shade = (self._levels - (self._loudest - _SPAN)) * (255 / _SPAN)
        grey = np.clip(shade, 0, 255).astype(np.uint8)
        return np.asarray(cv2.applyColorMap(grey, cv2.COLORMAP_MAGMA), np.uint8)
