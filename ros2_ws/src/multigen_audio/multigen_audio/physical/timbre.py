"""Effect of a liquid on the sound."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.world.liquid import Liquid


@dataclass(frozen=True)
class Timbre:
    """Effect of a liquid at its temperature on the sound, relative to water at 20 degC.

    Viscosity takes energy and treble from the splash. Bubble size follows Hinze's by half,
    (sigma / rho)^0.3, because jet and impact determine the rest. Hot water entrains larger bubbles
    and sounds duller; this is set by ear, not derived: 0.4 % per K.
    """

    loudness: float
    cutoff: float
    """[Hz] of the splash's treble."""
    bubble_radius: float
    """Median [m]."""
    bubble_rate: float
    fizz: float
    """Carbonation: how much gas comes out, 0 for still liquids."""


def timbre(liquid: Liquid, temperature: float) -> Timbre:
    """The timbre of a liquid at a temperature [degC]."""
    warmth = 0.004 * (temperature - 20.0)
    thin = 1.0 / (1.0 + (liquid.viscosity / 0.03) ** 0.7)
    hinze = (liquid.surface_tension / 0.0728 * 998.0 / liquid.density) ** 0.3
    return Timbre(
        loudness=thin / 0.915,
        cutoff=4500.0 * (1 - warmth) / (1 + liquid.viscosity / 0.05),
        bubble_radius=1.25e-3 * hinze * (1 + warmth),
        bubble_rate=min(liquid.bubbliness, 1.5) * thin,
        fizz=max(liquid.bubbliness - 1.2, 0.0),
    )
