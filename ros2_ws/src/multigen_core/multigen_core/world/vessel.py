"""Vessels as solids of revolution and the liquids in them, from YAML catalogues."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import ConfigError, load_yaml, share_directory, validate

_PROFILE_STEPS = 400

Material = Literal["glass", "ceramic", "plastic", "steel", "aluminium", "paper"]
Positive = Annotated[float, Field(gt=0)]


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
    material: Material
    opaque: bool
    colour: tuple[float, float, float, float] = (0.9, 0.95, 1.0, 0.25)
    held_out: bool = False

    @model_validator(mode="after")
    def _profile_is_a_vessel(self) -> Vessel:
        z, r = np.array(self.profile).T
        if not np.isfinite([z, r]).all() or (r < 0).any():
            raise ValueError("profile: radii must be finite and not negative")
        if z[0] != 0:
            raise ValueError(f"profile is not closed at the bottom: it starts at z = {z[0]}, not 0")
        if (np.diff(z) <= 0).any():
            raise ValueError("profile crosses itself: z must rise strictly from bottom to mouth")
        if r[-1] <= 0.002:
            raise ValueError("profile has no mouth: its last radius must exceed 2 mm")
        if (r[1:] <= 0).any():
            raise ValueError("profile closes between bottom and mouth")
        if z[-1] > 0.6 or r.max() > 0.3:
            raise ValueError("larger than the scene: at most 0.6 m high and 0.6 m wide")
        return self

    @property
    def height(self) -> float:
        """Inner height [m]."""
        return self.profile[-1][0]

    @property
    def floor(self) -> float:
        """Height [m] of the inner bottom above what the vessel stands on."""
        return self.stem + self.wall

    @property
    def rim_height(self) -> float:
        """Height [m] of the rim above what the vessel stands on."""
        return self.floor + self.height

    @property
    def mouth_radius(self) -> float:
        """Inner radius at the mouth [m]."""
        return self.profile[-1][1]

    def radius(self, z: ArrayLike) -> NDArray[np.float64]:
        """Inner radius [m] at heights `z` [m] above the inner bottom."""
        heights, radii = np.array(self.profile).T
        return np.interp(np.asarray(z, float), heights, radii)

    def outer_radius(self, height: ArrayLike) -> NDArray[np.float64]:
        """Outer radius [m] at heights [m] above where the vessel stands; a stem counts as 4 mm."""
        z = np.asarray(height, float) - self.floor
        return np.where(z < -self.wall, 0.004, self.radius(z) + self.wall)

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


class Liquid(FrozenModel):
    """A liquid at its usual temperature, in SI units.

    `density` [kg/m^3], `viscosity` [Pa s], `surface_tension` [N/m], `temperature` [degC];
    `bubbliness` scales the entrained air against water; `colour` is RGBA, its alpha the opacity of
    5 cm.
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


@cache
def _catalogue(file: Path, kind: type[Vessel] | type[Liquid]) -> dict[str, Vessel | Liquid]:
    entries = load_yaml(file)
    if not isinstance(entries, dict):
        raise ConfigError(f"{file}: expected a mapping from names to entries")
    return {
        name: validate(kind, {**entry, "name": name} if isinstance(entry, dict) else entry,
                       f"{file}: {name}")
        for name, entry in entries.items()
    }  # fmt: skip


def _entry(name: str, kind: type[Vessel] | type[Liquid], file: str) -> Vessel | Liquid:
    entries = _catalogue(share_directory("multigen_core") / "config" / file, kind)
    if name not in entries:
        raise ConfigError(
            f"unknown {kind.__name__.lower()} {name!r}; known: {', '.join(sorted(entries))}"
        )
    return entries[name]


def vessels() -> dict[str, Vessel]:
    """The vessel catalogue by name."""
    return _catalogue(share_directory("multigen_core") / "config/vessels.yaml", Vessel)  # type: ignore[return-value]


def liquids() -> dict[str, Liquid]:
    """The liquid catalogue by name."""
    return _catalogue(share_directory("multigen_core") / "config/liquids.yaml", Liquid)  # type: ignore[return-value]


@cache
def _vessel_file(path: str) -> Vessel:
    data = load_yaml(Path(path))
    return validate(Vessel, {**data, "name": path} if isinstance(data, dict) else data, path)


def is_vessel_file(name: str) -> bool:
    """Whether a vessel's name is the path of a YAML file that describes it."""
    return name.endswith((".yaml", ".yml"))


def vessel(name: str) -> Vessel:
    """A vessel of the catalogue, or the one that the YAML file `name` describes.

    The latter's name is the path, so that whoever is told of it finds it, too.

    Raises:
        ConfigError: no such vessel, with the known names, or a bad file.
    """
    if is_vessel_file(name):
        return _vessel_file(name)
    return _entry(name, Vessel, "vessels.yaml")  # type: ignore[return-value]


def liquid(name: str) -> Liquid:
    """A liquid of the catalogue.

    Raises:
        ConfigError: no such liquid; the message lists the names.
    """
    return _entry(name, Liquid, "liquids.yaml")  # type: ignore[return-value]
