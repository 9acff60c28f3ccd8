"""Delay of the sound's onset after the liquid's first impact."""

from __future__ import annotations

import numpy as np

from multigen_audio.quality.truth import Floats, Truth

_WINDOW, _HOP = 0.005, 0.001
_QUIETEST = 1e-9
"""Mean square, -90 dB: what a microphone gives at rest; digital silence counts as that."""
_AROUND = 1.0
"""Searched before and after the impact [s]."""
_LEAST = 6.0
"""Rise [dB] that is a beginning at all."""


def onset_error(sound: Floats, sample_rate: int, truth: Truth) -> float:
    """Time [s] from the first impact to the sound's onset, positive if it comes late.

    The onset is where the level, in windows of 5 ms, first passes half way [dB] between the silence
    before and the pour in the second after the impact. Infinite if nothing begins within a second
    of the impact, NaN if nothing falls or there is no silence before.
    """
    impact = truth.impact
    if not impact > _AROUND:
        return float("nan")
    hop = round(_HOP * sample_rate)
    first = round((impact - _AROUND) * sample_rate)
    part = sound[first : round((impact + _AROUND) * sample_rate)]
    square = np.concatenate([[0.0], np.cumsum(part**2)])
    size = round(_WINDOW * sample_rate)
    starts = np.arange(0, len(part) - size, hop)
    level = 10 * np.log10(np.maximum((square[starts + size] - square[starts]) / size, _QUIETEST))
    time = (starts + size / 2) / sample_rate - _AROUND
    if not (time > 0).any():
        return float("inf")
    silence, pour = np.median(level[time < -0.1]), np.median(level[time > 0])
    if pour - silence < _LEAST:
        return float("inf")
    return float(time[np.argmax(level > (silence + pour) / 2)])
