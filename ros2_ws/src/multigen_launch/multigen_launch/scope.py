"""Scope of a part of a launch file: launch configurations, environment, its directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from multigen_launch.errors import LaunchError
from multigen_launch.names import is_namespace, is_time
from multigen_launch.process_plan import Patience

_NAMESPACE = "ros_namespace"
"""Where ROS 2's launch stores the pushed namespace, so that includes inherit it."""


@dataclass(slots=True)
class Scope:
    """Mutable; a group works on a copy, so its changes end with it."""

    configurations: dict[str, str]
    environment: dict[str, str]
    directory: Path

    def nested(self) -> Scope:
        """A copy for a group."""
        return Scope(dict(self.configurations), dict(self.environment), self.directory)

    def push_namespace(self, namespace: str, where: str) -> None:
        """Apply `namespace`, relative to the current one, to what follows."""
        self.configurations[_NAMESPACE] = self.namespace_of(namespace, where) or "/"

    def namespace_of(self, own: str | None, where: str) -> str | None:
        """The absolute namespace of a node with namespace `own`; None if none is set.

        Raises:
            LaunchError: it is not a valid ROS namespace.
        """
        base = self.configurations.get(_NAMESPACE)
        if own is None and base is None:
            return None
        if own is None or (base and not own.startswith("/")):
            own = f"{base or ''}/{own or ''}"
        namespace = "/" + own.strip("/")
        if not is_namespace(namespace):
            raise LaunchError(f"{where}: {namespace!r} is not a valid ROS namespace")
        return namespace

    def patience(self, where: str) -> Patience:
        """Time that processes started here may take to exit.

        Raises:
            LaunchError: a configured value is not a time.
        """
        given = {}
        for name in Patience._fields:
            if (text := self.configurations.get(name)) is not None:
                if not is_time(text):
                    raise LaunchError(f"{where}: {name} is {text!r}, not a time in seconds")
                given[name] = float(text)
        return Patience(**given)
