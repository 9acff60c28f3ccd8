"""What `multigen doctor` says of launch files."""

from __future__ import annotations

from collections.abc import Iterator

from multigen_core.cli.doctor import Finding, State
from multigen_launch import genuine


def checks() -> Iterator[Finding]:
    """Who runs them."""
    yield Finding(
        "launch files",
        State.FINE,
        "by ros2 launch" if genuine.available() else "by multigen launch; ros2 launch is not here",
    )
