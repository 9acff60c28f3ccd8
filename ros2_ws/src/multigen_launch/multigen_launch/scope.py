"""What a part of a launch file sees: launch configurations, environment, its own directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from multigen_launch.errors import LaunchError
from multigen_launch.names import is_namespace, is_time
from multigen_launch.process_plan import Patience

_NAMESPACE = "ros_namespace"
"""Where genuine launch keeps the pushed namespace, so that includes inherit it."""


@dataclass(slots=True)
class Scope:
    """Mutable; a group works on a copy, so that what it sets ends with it."""

    configurations: dict[str, str]
    environment: dict[str, str]
    directory: Path

    def nested(self) -> Scope:
        """A copy for a group."""
        return Scope(dict(self.configurations), dict(self.environment), self.directory)

    def push_namespace(self, namespace: str, where: str) -> None:
        """Put what follows under `namespace`, which is relative to the one so far."""
        self.configurations[_NAMESPACE] = self.namespace_of(namespace, where) or "/"

    def namespace_of(self, own: str | None, where: str) -> str | None:
        """The absolute namespace of a node that asks for `own`; None if nobody asks for any.

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
        """How long what starts here may take to end.

        Raises:
            LaunchError: a configured value is no time.
        """
        given = {}
        for name in Patience._fields:
            if (text := self.configurations.get(name)) is not None:
                if not is_time(text):
                    raise LaunchError(f"{where}: {name} is {text!r}, not a time in seconds")
                given[name] = float(text)
        return Patience(**given)
