"""Error of the sound's cavity resonance relative to the true one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multigen_audio.quality.truth import Floats, Truth
from multigen_audio.recorded.tracker import track
from multigen_core.world.acoustics import cents
from multigen_core.world.vessel import Vessel

_SHORTEST = 1.0
"""Of a pour whose resonance is tracked [s]."""


@dataclass(frozen=True)
class Pitch:
    """Tracked against true resonance in one pour."""

    error: float
    """Median of the absolute difference while a jet falls in [cents]; NaN if hardly any does."""
    trusted: float
    """Share of that time in which the tracker trusts what it finds."""
    time: Floats
    """Of the frames [s]."""
    tracked: Floats
    """[Hz], NaN where no jet falls in."""


def pitch(sound: Floats, sample_rate: int, truth: Truth, vessel: Vessel) -> Pitch:
    """Compare the strongest rising ridge of a sound with the true resonance.

    The tracker is replay's. It knows the vessel's shape, so where to look, but not when or how
    fast it fills. Every moment counts in which a jet falls in, also where the ridge is not trusted.

    Args:
        sound: (N,), from the truth's start on.
        sample_rate: [Hz].
        truth: of the pour.
        vessel: what is filled.
    """
    end = min(len(sound) / sample_rate, float(truth.time[-1]))
    jet = truth.time[(truth.inflow > 0) & (truth.time < end)]
    if not len(jet) or jet[-1] - jet[0] < _SHORTEST:
        nothing = np.empty(0)
        return Pitch(float("nan"), float("nan"), nothing, nothing)
    begin = float(jet[0])
    part = sound[round(begin * sample_rate) : round(float(jet[-1]) * sample_rate)]
    tracked = track(part, sample_rate, vessel)
    time = tracked.time + begin
    counts = truth.flowing(time)
    if not counts.any():
        return Pitch(float("nan"), float("nan"), time, np.full(len(time), np.nan))
    true = np.interp(time, truth.time, truth.resonance)
    off = np.abs(cents(tracked.frequency, true))[counts]
    heard = tracked.heard[counts].mean()
    return Pitch(
        float(np.median(off)), float(heard), time, np.where(counts, tracked.frequency, np.nan)
    )
