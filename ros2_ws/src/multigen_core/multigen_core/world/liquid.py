"""Liquids."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from multigen_core.config.frozen import FrozenModel

Positive = Annotated[float, Field(gt=0)]


class Liquid(FrozenModel):
    """A liquid at its usual temperature, in SI units.

    `density` [kg/m^3], `viscosity` [Pa s], `surface_tension` [N/m], `temperature` [degC];
    `bubbliness` scales the entrained air relative to water; `colour` is RGBA, its alpha the opacity
    of 5 cm.
    """

    name: str = ""
    description: str
    density: Positive
    viscosity: Positive
    surface_tension: Positive
    temperature: float = 20.0
    bubbliness: Annotated[float, Field(ge=0)] = 1.0
    colour: tuple[float, float, float, float]
    held_out: bool = False
