"""Log-mel pictures of windows of sound, what the embeddings see."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from multigen_audio.quality.truth import Floats
from multigen_core.contract import SAMPLE_RATE

BANDS = 64
FRAMES = 100
"""Of a window, 10 ms each."""
STEP = 50
"""Frames from one window to the next."""
_SIZE, _HOP = 512, 160
_LOWEST, _HIGHEST = 60.0, 7800.0
_FLOOR, _SCALE = -60.0, 20.0
"""Levels [dB] are against the clip's own; lower ones count as the floor."""


def windows(sound: Floats) -> NDArray[np.float32]:
    """Overlapping windows of 1 s of a sound (N,) at 16 kHz, (W, FRAMES, BANDS).

    Levels are relative to the whole sound's, for recordings differ by 30 dB by their making alone.
    """
    frames = 1 + (len(sound) - _SIZE) // _HOP
    if frames < FRAMES:
        return np.empty((0, FRAMES, BANDS), np.float32)
    starts = np.arange(frames) * _HOP
    pieces = sound[starts[:, None] + np.arange(_SIZE)] * np.hanning(_SIZE)
    power = np.abs(np.fft.rfft(pieces, axis=1)) ** 2 @ filters().T
    level = 10 * np.log10(power / max(float(power.mean()), 1e-12) + 1e-12)
    picture = (np.maximum(level, _FLOOR) / _SCALE).astype(np.float32)
    firsts = np.arange(0, frames - FRAMES + 1, STEP)
    return picture[firsts[:, None] + np.arange(FRAMES)]


@lru_cache(maxsize=1)
def filters() -> Floats:
    """Triangular mel bands over the spectrum, (BANDS, _SIZE / 2 + 1), each of sum 1."""
    mel = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    f = np.arange(_SIZE // 2 + 1) * SAMPLE_RATE / _SIZE
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shape = np.maximum(np.minimum((f - low) / (middle - low), (high - f) / (high - middle)), 0.0)
    # The lowest bands are narrower than the spectrum's grid: they take the nearest line.
    nearest = np.argmin(np.abs(f - middle), axis=1)
    empty = shape.sum(axis=1) == 0
    shape[empty, nearest[empty]] = 1.0
    return np.asarray(shape / shape.sum(axis=1, keepdims=True))


def _mel(frequency: float) -> float:
    return 2595.0 * float(np.log10(1.0 + frequency / 700.0))
