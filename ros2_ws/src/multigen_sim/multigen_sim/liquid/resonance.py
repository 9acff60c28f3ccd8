"""Resonance of a vessel's air column as a function of its level, tabulated per vessel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from multigen_core.world.acoustics import Resonator
from multigen_core.world.curve import Curve
from multigen_core.world.vessel import Vessel


class ResonanceTable:
    """First mode [Hz] at 400 levels, interpolated; air at 20 °C."""

    def __init__(self, vessel: Vessel) -> None:
        levels = np.linspace(0.0, vessel.height, 400)
        self._curve = Curve(levels, Resonator(vessel).frequency(levels))

    def frequency(self, level: float) -> float:
        """First mode [Hz] with the liquid at `level` [m]."""
        return self._curve(level)

    @staticmethod
    @lru_cache(maxsize=64)
    def of(vessel: Vessel) -> ResonanceTable:
        """The vessel's table, computed once per process."""
        return ResonanceTable(vessel)
