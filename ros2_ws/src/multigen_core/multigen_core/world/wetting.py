"""Wetting of a vessel: contact angles, the head that a lip holds back, films and drops.

Sources: de Gennes, Brochard-Wyart, Quéré, Capillarity and Wetting Phenomena, Springer 2004, ch. 2
(puddles, Gibbs' condition at an edge) and 5 (Landau-Levich-Derjaguin film); Zisman, Adv. Chem. 43,
1964 (contact angle over surface tension); Snoeijer and Andreotti, Annu. Rev. Fluid Mech. 45, 2013
(speed above which a receding contact line leaves a film).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, pi, radians, sin, sqrt

from multigen_core.world.liquid import Liquid
from multigen_core.world.material import material
from multigen_core.world.vessel import Vessel

GRAVITY = 9.81
"""[m/s^2]"""
_ZISMAN = 26.0
"""Slope of cos θ over surface tension [m/N]."""
_HYSTERESIS = radians(25.0)
"""Difference between the advancing and the receding contact angle."""
_SMALLEST = radians(5.0)
_LOGARITHM = 10.0
"""Logarithm of capillary length over slip length in the dynamic contact angle."""
_DROP = 6.5e-4
"""Volume of a drop that detaches from an edge, over surface tension and density [s^2]; 0.047 ml for
water."""


@dataclass(frozen=True, slots=True)
class Wetting:
    """A liquid on a vessel's wall: angles [rad], capillary length [m], volume of a drop [m^3]."""

    advancing: float
    receding: float
    capillary_length: float
    drop: float
    capillarity: float
    liquid: Liquid

    @classmethod
    def of(cls, vessel: Vessel, liquid: Liquid, capillarity: float = 1.0) -> Wetting:
        """Wetting of a vessel's material; `capillarity` scales the heads held back at the lip."""
        excess = max(liquid.surface_tension - material(vessel.material).critical_tension, 0.0)
        advancing = max(acos(max(1.0 - _ZISMAN * excess, -1.0)), _SMALLEST)
        length = sqrt(liquid.surface_tension / (liquid.density * GRAVITY))
        return cls(
            advancing,
            max(advancing - _HYSTERESIS, _SMALLEST),
            length,
            _DROP * liquid.surface_tension / liquid.density,
            capillarity,
            liquid,
        )

    def starting_head(self, tilt: float) -> float:
        """Head [m] that a dry lip holds back at a tilt [rad].

        The surface is pinned at the inner edge and bulges over it until it meets the rim, which is
        inclined by the tilt, at the advancing angle (Gibbs); a surface that slopes by φ at its edge
        stands 2 l sin(φ/2) above it.
        """
        slope = min(self.advancing + tilt, pi)
        return self.capillarity * 2.0 * self.capillary_length * sin(slope / 2.0)

    @property
    def stopping_head(self) -> float:
        """Head [m] at which a flow over the wet lip ends: the height of a receding puddle."""
        return self.capillarity * 2.0 * self.capillary_length * sin(self.receding / 2.0)

    def film_thickness(self, speed: float) -> float:
        """Thickness [m] of the film left by a contact line that recedes at `speed` [m/s].

        0.94 l Ca^(2/3) / (1 + Ca^(2/3)): the Landau-Levich-Derjaguin film, limited at high speed by
        gravity; none below Ca = θ³ / 9 ln, where the contact line keeps up.
        """
        number = self.liquid.viscosity * speed / self.liquid.surface_tension
        if number <= self.receding**3 / (9.0 * _LOGARITHM):
            return 0.0
        power = number ** (2.0 / 3.0)
        return 0.94 * self.capillary_length * power / (1.0 + power)
