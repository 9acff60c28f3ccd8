"""Film that stays on the source's wall as its liquid recedes, and drains."""

from __future__ import annotations

from math import pi

from multigen_core.world.wetting import GRAVITY, Wetting


class WallFilm:
    """A film of uniform thickness on the wall that the liquid has left.

    `volume` [m^3] is part of the source's volume but not of its level.
    """

    def __init__(self, wetting: Wetting, wetted: float) -> None:
        self._wetting = wetting
        self._wetted = wetted
        self._area = 0.0
        self.volume = 0.0

    def step(self, wetted: float, radius: float, room: float, dt: float) -> None:
        """Grow or reabsorb the film as the wetted area [m^2] changes, and drain it.

        `radius` [m] is that of the surface, whose edge moves along the wall; the film never takes
        more than `room` [m^3]. It drains like a plane film, q = ρ g e³ / 3μ at its lower end
        (Jeffreys, Proc. Camb. Philos. Soc. 26, 1930), so its thickness falls as 1/√t.
        """
        bared = self._wetted - wetted
        self._wetted = wetted
        edge = 2.0 * pi * radius
        if bared > 0.0:
            thickness = self._wetting.film_thickness(bared / (edge * dt))
            self.volume += min(thickness * bared, room)
            self._area += bared
        elif self._area > 0.0:
            left = max(1.0 + bared / self._area, 0.0)
            self.volume *= left
            self._area *= left
        if self.volume <= 0.0 or self._area <= 0.0:
            self.volume = 0.0
            return
        liquid = self._wetting.liquid
        thickness = self.volume / self._area
        length = self._area / edge
        pace = liquid.density * GRAVITY * thickness**2 / (3.0 * liquid.viscosity * length)
        self.volume /= (1.0 + 2.0 * pace * dt) ** 0.5
