"""Log-mel pictures of windows of sound, what the embeddings see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.mel import BANDS, log_mel
from multigen_audio.quality.truth import Floats

FRAMES = 100
"""Of a window, 10 ms each."""
STEP = 50
"""Frames from one window to the next."""


def windows(sound: Floats) -> NDArray[np.float32]:
    """Overlapping windows of 1 s of a sound (N,) at 16 kHz, (W, FRAMES, BANDS).

    The whole sound is brought to one level first, for recordings differ by 30 dB by their making
    alone. None if it is shorter than a window or silent.
    """
    level = float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    picture = log_mel(sound / level) if level else np.empty((0, BANDS), np.float32)
    firsts = np.arange(0, len(picture) - FRAMES + 1, STEP)
    return picture[firsts[:, None] + np.arange(FRAMES)]
