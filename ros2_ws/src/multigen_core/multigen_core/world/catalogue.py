"""The shipped vessels and liquids by name, and references that need no catalogue.

A reference is text that identifies a vessel or liquid in messages and files: the name of a
catalogue entry, the path of a YAML file, or the complete description as JSON, which works on any
machine.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeVar

from multigen_core.config.yaml_file import ConfigError, load_yaml, share_directory, validate
from multigen_core.world.liquid import Liquid
from multigen_core.world.vessel import Vessel

Thing = TypeVar("Thing", Vessel, Liquid)

_FILES = {Vessel: "vessels.yaml", Liquid: "liquids.yaml"}


@cache
def _entries(kind: type[Thing], file: Path) -> dict[str, Thing]:
    data = load_yaml(file)
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: expected a mapping from names to entries")
    return {
        name: validate(kind, _named(entry, str(name)), f"{file}: {name}")
        for name, entry in data.items()
    }


def _named(entry: object, name: str) -> object:
    return {**entry, "name": name} if isinstance(entry, dict) else entry


def _catalogue(kind: type[Thing]) -> dict[str, Thing]:
    return _entries(kind, share_directory("multigen_core") / "config" / _FILES[kind])


def vessels() -> dict[str, Vessel]:
    """The vessel catalogue by name."""
    return _catalogue(Vessel)


def liquids() -> dict[str, Liquid]:
    """The liquid catalogue by name."""
    return _catalogue(Liquid)


@lru_cache(maxsize=256)
def _described(kind: type[Thing], text: str) -> Thing:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"not the JSON of a {kind.__name__.lower()}: {error}") from error
    return validate(kind, data, kind.__name__.lower())


def _find(kind: type[Thing], reference: str) -> Thing:
    if reference.startswith("{"):
        return _described(kind, reference)
    if reference.endswith((".yaml", ".yml")):
        path = Path(reference)
        return validate(kind, _named(load_yaml(path), path.stem), path)
    entries = _catalogue(kind)
    if reference not in entries:
        raise ConfigError(
            f"unknown {kind.__name__.lower()} {reference!r}; known: {', '.join(sorted(entries))}"
        )
    return entries[reference]


def vessel(reference: str) -> Vessel:
    """The vessel of a reference.

    Raises:
        ConfigError: no such vessel (lists the known names), or an invalid description.
    """
    return _find(Vessel, reference)


def liquid(reference: str) -> Liquid:
    """The liquid of a reference.

    Raises:
        ConfigError: no such liquid (lists the known names), or an invalid description.
    """
    return _find(Liquid, reference)


def reference(thing: Vessel | Liquid) -> str:
    """A reference for `vessel` or `liquid`: the name if it is in the catalogue, else JSON."""
    entries = vessels() if isinstance(thing, Vessel) else liquids()
    known = entries.get(thing.name)
    return thing.name if known == thing else thing.model_dump_json()


def name_of(reference: str) -> str:
    """The name in a reference; the reference itself if it is unknown here."""
    if not reference.startswith("{"):
        return Path(reference).stem
    try:
        return str(json.loads(reference)["name"])
    except (ValueError, KeyError, TypeError):
        return reference
