"""A chirp, and finding when a recording holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import chirp, correlate
from scipy.signal.windows import tukey

DURATION = 0.2
_LOW, _HIGH = 600.0, 6000.0
"""Every loudspeaker plays these [Hz], and 16 kHz holds them."""
_ECHO = 0.02
"""Correlation within this of the peak [s] is the peak's own, or an echo's."""
CLEAR = 2.5
"""A peak this much higher than any other is the chirp."""


def make_chirp(rate: int) -> NDArray[np.float32]:
    """An exponential sweep with soft ends, (N,) in [-1, 1], at `rate` [Hz]."""
    times = np.arange(round(DURATION * rate)) / rate
    sweep = chirp(times, _LOW, DURATION, _HIGH, method="logarithmic") * tukey(len(times), 0.2)
    return sweep.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Heard:
    """Where a chirp starts [s] in a recording, and how much clearer it is than anything else."""

    start: float
    clarity: float


def find_chirp(sound: NDArray[np.float32], rate: int) -> Heard:
    """The clearest chirp in `sound` (N,), located to a fraction of a sample."""
    score = np.abs(correlate(sound, make_chirp(rate), "valid"))
    if not len(score) or not score.any():
        return Heard(float("nan"), 0.0)
    best = int(score.argmax())
    near = round(_ECHO * rate)
    others = np.concatenate([score[: max(0, best - near)], score[best + near :]])
    shift = 0.0
    if 0 < best < len(score) - 1:
        left, top, right = score[best - 1 : best + 2]
        shift = 0.5 * (left - right) / (left - 2 * top + right)
    clarity = score[best] / others.max() if len(others) and others.max() > 0 else np.inf
    return Heard((best + shift) / rate, float(clarity))
