"""Correlation of the sound's loudness with the flow."""

from __future__ import annotations

import numpy as np

from multigen_audio.quality.truth import Floats, Truth

_WINDOW = 0.2
_STEADY = 1e-8
"""Change of flow [m^3/s] that is none."""
_UNHEARD = 1e-9


def loudness_correlation(sound: Floats, sample_rate: int, truth: Truth) -> float:
    """Pearson's correlation of RMS and flow in windows of 0.2 s, pauses included.

    0 for a sound that never changes, NaN for a flow that does not.
    """
    size = round(_WINDOW * sample_rate)
    count = min(len(sound) // size, int(truth.time[-1] / _WINDOW))
    level = np.sqrt(np.mean(sound[: count * size].reshape(count, size) ** 2, axis=1))
    poured = np.concatenate([[0.0], np.cumsum(truth.inflow[:-1] * np.diff(truth.time))])
    edges = np.arange(count + 1) * _WINDOW
    flow = np.diff(np.interp(edges, truth.time, poured)) / _WINDOW
    if count < 2 or np.ptp(flow) < _STEADY:
        return float("nan")
    if np.ptp(level) < _UNHEARD:
        return 0.0
    return float(np.corrcoef(level, flow)[0, 1])
