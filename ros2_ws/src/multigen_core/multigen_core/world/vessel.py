"""Vessels as solids of revolution."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import AfterValidator, Field, model_validator

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import ConfigError
from multigen_core.world.curve import Curve
from multigen_core.world.material import material

_PROFILE_STEPS = 400

Positive = Annotated[float, Field(gt=0)]


def _known(name: str) -> str:
    try:
        return material(name).name
    except ConfigError as error:
        raise ValueError(str(error)) from error


class Vessel(FrozenModel):
    """A vessel: its inner profile r(z) turned about the axis.

    `profile` lists (z, r) [m] from the inner bottom, z = 0, to the mouth, joined by straight lines;
    a first radius above 0 is a flat floor. `wall` [m] thickness, of the floor too; `stem` [m] lifts
    the floor above the foot; `mass` [kg], `opaque` whether it hides the level.
    """

    name: str = ""
    description: str
    profile: tuple[tuple[float, float], ...] = Field(min_length=2)
    wall: Positive
    stem: Annotated[float, Field(ge=0, le=0.3)] = 0.0
    mass: Positive
    material: Annotated[str, AfterValidator(_known)]
    opaque: bool
    colour: tuple[float, float, float, float] = (0.9, 0.95, 1.0, 0.25)
    held_out: bool = False

    @model_validator(mode="after")
    def _profile_is_a_vessel(self) -> Vessel:
        z, r = np.array(self.profile).T
        if not np.isfinite([z, r]).all() or (r < 0).any():
            raise ValueError("profile: radii must be finite and non-negative")
        if z[0] != 0:
            raise ValueError(f"profile is not closed at the bottom: it starts at z = {z[0]}, not 0")
        if (np.diff(z) <= 0).any():
            raise ValueError("profile: z must increase strictly from bottom to mouth")
        if r[-1] <= 0.002:
            raise ValueError("profile has no mouth: the last radius must exceed 2 mm")
        if (r[1:] <= 0).any():
            raise ValueError("profile closes between bottom and mouth")
        if z[-1] > 0.6 or r.max() > 0.3:
            raise ValueError("too large for the scene: at most 0.6 m high and 0.6 m wide")
        return self

    @property
    def height(self) -> float:
        """Inner height [m]."""
        return self.profile[-1][0]

    @property
    def floor(self) -> float:
        """Height [m] of the inner bottom above the supporting surface."""
        return self.stem + self.wall

    @property
    def rim_height(self) -> float:
        """Height [m] of the rim above the supporting surface."""
        return self.floor + self.height

    @property
    def mouth_radius(self) -> float:
        """Inner radius at the mouth [m]."""
        return self.profile[-1][1]

    def radius(self, z: ArrayLike) -> NDArray[np.float64]:
        """Inner radius [m] at heights `z` [m] above the inner bottom."""
        heights, radii = self._knots
        return np.interp(np.asarray(z, float), heights, radii)

    @cached_property
    def radius_at(self) -> Curve:
        """`radius` [m] at one height [m]."""
        return Curve(*self._knots)

    def outer_radius(self, height: ArrayLike) -> NDArray[np.float64]:
        """Outer radius [m] at heights [m] above the supporting surface; a stem counts as 4 mm."""
        z = np.asarray(height, float) - self.floor
        return np.where(z < -self.wall, 0.004, self.radius(z) + self.wall)

    @cached_property
    def _knots(self) -> NDArray[np.float64]:
        """The profile as heights and radii [m], (2, K)."""
        return np.array(self.profile).T

    @cached_property
    def _volume_table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        knots = np.array(self.profile)[:, 0]
        z = np.union1d(np.linspace(0.0, self.height, _PROFILE_STEPS), knots)
        r = self.radius(z)
        frusta = np.pi / 3 * np.diff(z) * (r[:-1] ** 2 + r[:-1] * r[1:] + r[1:] ** 2)
        return z, np.concatenate([[0.0], np.cumsum(frusta)])

    @cached_property
    def capacity(self) -> float:
        """Brimful volume [m^3]."""
        return float(self._volume_table[1][-1])

    def volume(self, level: ArrayLike) -> NDArray[np.float64]:
        """Volume [m^3] below a level [m] of the upright vessel; exact at the table's nodes."""
        z, volume = self._volume_table
        return np.interp(np.asarray(level, float), z, volume)

    def level(self, volume: ArrayLike) -> NDArray[np.float64]:
        """Level [m] of a volume [m^3] in the upright vessel; the inverse of `volume`."""
        z, table = self._volume_table
        return np.interp(np.asarray(volume, float), table, z)

    @cached_property
    def level_at(self) -> Curve:
        """`level` [m] of one volume [m^3]."""
        z, table = self._volume_table
        return Curve(table, z)
