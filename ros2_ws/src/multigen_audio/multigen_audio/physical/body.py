"""Acoustic modes of a vessel and its liquid: air column and wall."""

from __future__ import annotations

import numpy as np

from multigen_audio.physical.grid import Floats
from multigen_core.world.acoustics import Resonator, speed_of_sound
from multigen_core.world.material import material
from multigen_core.world.vessel import Vessel
from multigen_core.world.vibrations import wall_frequency, wall_loading

AIR_MODES = 4
WALL_MODES = ((1, 2), (1, 3), (2, 3))
"""(m, n) of the wall's bending modes that are heard."""


_LOSS = 0.08
"""Of the air column to liquid, bubbles and walls, as inverse quality factor."""


class Body:
    """Modes of one vessel as functions of the level."""

    def __init__(self, vessel: Vessel) -> None:
        self.vessel = vessel
        self._resonator = Resonator(vessel)
        self._wall = material(vessel.material)
        self._radius = float(vessel.radius(np.linspace(0.5, 1.0, 20) * vessel.height).mean())
        self._empty = np.array(
            [
                wall_frequency(
                    self._radius,
                    vessel.height,
                    vessel.wall,
                    self._wall.young,
                    self._wall.density,
                    n=n,
                    m=m,
                )
                for m, n in WALL_MODES
            ]
        )
        self.ring = float(np.sqrt(self._wall.quality / 250.0))
        """How strongly the wall sounds when struck, against a glass."""

    def air(self, level: Floats, first: Floats) -> tuple[Floats, Floats]:
        """Frequencies and bandwidths [Hz] of the air column, (AIR_MODES, N) each.

        Args:
            level: (N,) [m].
            first: (N,) known first mode [Hz], to which the others keep their ratio; where it is not
                a positive number the horn equation's own is taken.

        The bandwidth is that of sound radiated at an unflanged mouth, whose reflection is about
        1 - (k R)^2 / 2 (Levine and Schwinger 1948), and of a constant loss to liquid and walls.
        """
        modes = self._resonator.modes(level, AIR_MODES)
        known = np.isfinite(first) & (first > 0)
        modes = modes * np.where(known, first, modes[0]) / modes[0]
        size = 2 * np.pi * modes / speed_of_sound() * self.vessel.mouth_radius
        radiated = size**2 / (2 + size**2)
        return modes, modes[0] * (2 / np.pi) * radiated + _LOSS * modes

    def wall(self, level: Floats, density: float) -> tuple[Floats, Floats]:
        """Frequencies and bandwidths [Hz] of the wall, (len(WALL_MODES), N) each.

        Args:
            level: (N,) [m].
            density: of the liquid [kg/m^3].
        """
        vessel = self.vessel
        factor = wall_loading(
            level, self._radius, vessel.height, vessel.wall, self._wall.density, density
        )
        modes = self._empty[:, None] * factor
        damping = (1 + 4 * np.clip(level / vessel.height, 0, 1)) / self._wall.quality
        return modes, modes * damping
