"""Smoothness of a movement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SPARSEST = 2.0
"""Largest ratio of a movement's duration to the sum of its sample periods."""


def spectral_arc_length(
    speed: Array, rate: float, cutoff: float = 10.0, threshold: float = 0.05, padding: int = 4
) -> float:
    """SPARC of a speed profile (N,) sampled at `rate` [Hz]; dimensionless, 0 is smoothest.

    The negative arc length of the normalised magnitude spectrum up to the last frequency below
    `cutoff` [Hz] that exceeds `threshold`; a single bell-shaped movement scores about -1.5, tremor
    and stops score lower. NaN without movement. Balasubramanian et al., J. NeuroEng. Rehabil.
    12:112 (2015).
    """
    if len(speed) < 4 or not np.abs(speed).max() > 0:
        return float("nan")
    count = int(2 ** (np.ceil(np.log2(len(speed))) + padding))
    frequency = np.arange(0, rate, rate / count)
    magnitude = np.abs(np.fft.fft(speed, count))
    magnitude /= magnitude.max()
    inside = frequency <= cutoff
    frequency, magnitude = frequency[inside], magnitude[inside]
    above = np.flatnonzero(magnitude >= threshold)
    frequency = frequency[above[0] : above[-1] + 1]
    magnitude = magnitude[above[0] : above[-1] + 1]
    if len(frequency) < 2:
        return float("nan")
    steps = np.diff(frequency) / (frequency[-1] - frequency[0])
    return float(-np.hypot(steps, np.diff(magnitude)).sum())


def joint_smoothness(times: Array, velocities: Array) -> float:
    """SPARC of the norm of joint velocities (N, J) [rad/s] at `times` (N,) [s].

    NaN if the times have large gaps or go backwards.
    """
    if len(times) < 4:
        return float("nan")
    steps = np.diff(times)
    period = float(np.median(steps))
    if not period > 0 or not np.isfinite(velocities).all():
        return float("nan")
    if steps.min() < 0 or times[-1] - times[0] > SPARSEST * period * len(times):
        return float("nan")
    speed = np.linalg.norm(velocities, axis=1)
    even = np.arange(times[0], times[-1], period)
    return spectral_arc_length(np.interp(even, times, speed), 1.0 / period)
