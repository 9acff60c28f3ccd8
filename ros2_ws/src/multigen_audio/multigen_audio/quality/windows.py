"""Log-mel spectrograms of windows of sound, the input of the embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_audio.quality.truth import Floats
from multigen_core.contract import SAMPLE_RATE
from multigen_core.learning.mel import BANDS, HOP, log_mel

FRAMES = 100
"""Of a window, 10 ms each."""
STEP = 50
"""Frames from one window to the next."""
_PAUSE = np.log(10 ** (-12 / 20))
"""Windows this much softer than the sound's median are pauses."""
_FLOOR = np.log(10 ** (-40 / 20))
"""What lies this far below a window's level is the recorder's, not the pour's."""
_GAIN = 100.0
"""Lifts a sound of level 1 above the spectra's own floor."""


def windows(sound: Floats) -> tuple[NDArray[np.float32], Floats]:
    """Overlapping windows of 1 s of a sound (N,) at 16 kHz, and their middles [s].

    (W, FRAMES, BANDS) of mean 0, and (W,). Loudness is taken out, window by window: it depends on
    flow, which no recording tells, and on the recorder, by 30 dB. Pauses are left out. None if the
    sound is shorter than a window or silent.
    """
    level = float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    picture = log_mel(_GAIN / level * sound) if level else np.empty((0, BANDS), np.float32)
    firsts = np.arange(0, len(picture) - FRAMES + 1, STEP)
    if not len(firsts):
        return np.empty((0, FRAMES, BANDS), np.float32), np.empty(0)
    found = picture[firsts[:, None] + np.arange(FRAMES)]
    loudness = np.log(np.exp(2 * found).mean(axis=(1, 2))) / 2
    kept = loudness > np.median(loudness) + _PAUSE
    found = found[kept] - found[kept].mean(axis=(1, 2), keepdims=True)
    middles = (firsts[kept] + FRAMES / 2) * HOP / SAMPLE_RATE
    return np.maximum(found, np.float32(_FLOOR)), middles
