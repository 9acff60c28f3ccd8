"""Materials of vessels and everything that depends on them, from one YAML catalogue."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import ConfigError, load_yaml, share_directory, validate

Positive = Annotated[float, Field(gt=0)]
Byte = Annotated[int, Field(ge=0, le=255)]


class Material(FrozenModel):
    """A material: how its walls ring, how liquids wet it and how it looks.

    `young` [Pa], `density` [kg/m^3] and `quality`, the quality factor of an empty vessel's wall
    modes; `critical_tension` [N/m], the surface tension up to which a liquid wets it; `sheen` in
    [0, 1]; `section`, its RGB colour in the hearing view; `sounds_like`, the material to use for
    synthesizers that were not trained on this one.
    """

    name: str
    young: Positive
    density: Positive
    quality: Positive
    critical_tension: Positive
    sheen: Annotated[float, Field(ge=0, le=1)]
    section: tuple[Byte, Byte, Byte]
    sounds_like: str = ""

    @property
    def kind(self) -> str:
        """The material to use for synthesizers."""
        return self.sounds_like or self.name


@cache
def _materials(file: Path) -> dict[str, Material]:
    data = load_yaml(file)
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: expected a mapping from names to materials")
    return {
        name: validate(Material, {**entry, "name": name}, f"{file}: {name}")
        for name, entry in data.items()
    }


def materials() -> dict[str, Material]:
    """The materials by name."""
    return _materials(share_directory("multigen_core") / "config" / "materials.yaml")


def material(name: str) -> Material:
    """A material.

    Raises:
        ConfigError: there is no such material; lists those there are.
    """
    known = materials()
    if name not in known:
        raise ConfigError(f"unknown material {name!r}; known: {', '.join(known)}")
    return known[name]
