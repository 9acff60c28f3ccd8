"""Ground truth of a simulated pour over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS, LiquidState

Floats = NDArray[np.float64]

STEADY = 5e-6
"""Flow [m^3/s] above which the liquid falls as a jet and the air column sounds."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Series over `time` [s] since the first state, (N,) each."""

    time: Floats
    inflow: Floats
    """Into the target [m^3/s]."""
    falling: Floats
    """Into the target, on its rim and beside it [m^3/s]."""
    resonance: Floats
    """Of the target's air column [Hz]."""

    @classmethod
    def of(cls, states: Sequence[LiquidState]) -> Truth:
        """From a pour's states, in order."""
        return cls(
            np.array([state.stamp - states[0].stamp for state in states]) / NANOSECONDS,
            np.array([state.inflow_rate for state in states]),
            np.array([s.inflow_rate + s.rim_rate + s.spill_rate for s in states]),
            np.array([state.resonance_frequency for state in states]),
        )

    @property
    def impact(self) -> float:
        """When liquid first strikes anything [s], NaN if it never does."""
        struck = np.flatnonzero(self.falling > 0)
        return float(self.time[struck[0]]) if len(struck) else float("nan")

    def flowing(self, times: Floats) -> NDArray[np.bool_]:
        """Whether a jet falls in at `times` [s]."""
        return np.asarray(np.interp(times, self.time, self.inflow) > STEADY)

    def still(self, times: Floats, before: float, after: float) -> NDArray[np.bool_]:
        """Whether nothing falls from `before` seconds before to `after` seconds after `times`."""
        struck = np.concatenate([[0], np.cumsum(self.falling > 0)])
        first = np.searchsorted(self.time, times - before)
        last = np.searchsorted(self.time, times + after, side="right")
        return np.asarray(struck[last] == struck[first])
