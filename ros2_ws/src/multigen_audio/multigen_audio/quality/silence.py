"""Level of the sound while nothing falls, relative to a pour."""

from __future__ import annotations

import numpy as np

from multigen_audio.quality.truth import Floats, Truth

_WINDOW = 0.02
_BEFORE, _AFTER = 0.5, 0.1
"""The last bubbles and echoes of a pour belong to it, and so does its first splash [s]."""
_QUIETEST = 1e-9


def silence(sound: Floats, sample_rate: int, truth: Truth) -> float:
    """Level while a jet falls in less that while nothing falls [dB], NaN if one never is."""
    size = round(_WINDOW * sample_rate)
    count = len(sound) // size
    power = np.mean(sound[: count * size].reshape(count, size) ** 2, axis=1)
    time = np.asarray((np.arange(count) + 0.5) * _WINDOW, np.float64)
    inside, outside = truth.flowing(time), truth.still(time, _BEFORE, _AFTER)
    if not inside.any() or not outside.any():
        return float("nan")
    loud, quiet = (max(float(power[where].mean()), _QUIETEST) for where in (inside, outside))
    return float(10 * np.log10(loud / quiet))
