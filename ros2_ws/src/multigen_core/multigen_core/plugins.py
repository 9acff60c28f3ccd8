"""Plugins that packages register by entry point: simulators, synthesizers and policies."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from multigen_core.errors import MultigenError


def plugin_names(group: str, default: str = "") -> list[str]:
    """Installed plugins of a group, the default first."""
    names = {entry.name for entry in entry_points(group=group)}
    return sorted(names, key=lambda name: (name != default, name))


def find_plugin(group: str, kind: str, name: str) -> EntryPoint:
    """The entry point of `name` in a group; imports nothing.

    Raises:
        MultigenError: there is no such `kind`; lists those available.
    """
    found = next(iter(entry_points(group=group, name=name)), None)
    if found is None:
        known = ", ".join(plugin_names(group)) or "none; build and source the workspace"
        raise MultigenError(f"{kind} {name!r} is not available; available: {known}")
    return found


def load_plugin(group: str, kind: str, name: str) -> Any:
    """The object registered as `name` in a group.

    Raises:
        MultigenError: there is no such `kind`; lists those available.
    """
    return find_plugin(group, kind, name).load()
