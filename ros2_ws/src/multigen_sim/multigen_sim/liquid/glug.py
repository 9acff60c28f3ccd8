"""Narrow necks: liquid leaves in pulses because air must enter through the same mouth."""

from __future__ import annotations

from math import pi, sin, sqrt

import numpy as np

from multigen_core.world.liquid import Liquid
from multigen_core.world.vessel import Vessel
from multigen_core.world.wetting import GRAVITY

_ATMOSPHERE = 1.4 * 101_325.0
"""Stiffness of the enclosed air, γ p [Pa]."""
_BLOCKED, _OPEN = 1.3, 1.0
"""Head over half the mouth's height at which air stops and starts to pass freely."""
_NECK = 5.0
"""Length of the oscillating liquid plug in the neck, in mouth diameters."""
_DEPTH = 0.95
_JITTER = 0.12


class Glug:
    """Air exchange in the source's neck.

    While the mouth runs full, the mean rate is that of a bottle emptying against inflowing air,
    Q = 0.262 √g d^2.5 (Clanet and Searby, J. Fluid Mech. 510, 2004), slowed by viscosity; it pulses
    at the frequency of the plug in the neck against the enclosed air, so that the period grows as
    the bottle empties.
    """

    def __init__(self, vessel: Vessel, liquid: Liquid, rng: np.random.Generator) -> None:
        self._radius = vessel.mouth_radius
        self._capacity = vessel.capacity
        self._density = liquid.density
        diameter = 2.0 * self._radius
        free = sqrt(GRAVITY * diameter)
        reynolds = liquid.density * free * diameter / liquid.viscosity
        self._mean = 0.262 * free * diameter**2 / (1.0 + 60.0 / reynolds)
        self._rng = rng
        self._phase = 0.0
        self._pace = 1.0
        self.frequency = 0.0
        """Current pulse frequency [Hz]; 0 while it pours freely."""

    def limit(self, rate: float, head: float, tilt: float, volume: float, dt: float) -> float:
        """The rate [m^3/s] that passes if the lip alone would give `rate`."""
        covered = head / max(self._radius * abs(sin(tilt)), 1e-9)
        threshold = _OPEN if self.frequency else _BLOCKED
        if covered < threshold or rate <= self._mean:
            self.frequency = 0.0
            self._phase = 0.0
            return rate
        air = max(self._capacity - volume, 0.02 * self._capacity)
        area = pi * self._radius**2
        plug = _NECK * 2.0 * self._radius
        self.frequency = sqrt(_ATMOSPHERE * area / (self._density * air * plug)) / (2.0 * pi)
        self._phase += self.frequency * self._pace * dt
        if self._phase >= 1.0:
            self._phase -= 1.0
            self._pace = float(np.exp(_JITTER * self._rng.standard_normal()))
        return min(rate, self._mean * (1.0 - _DEPTH * np.cos(2.0 * pi * self._phase)))
