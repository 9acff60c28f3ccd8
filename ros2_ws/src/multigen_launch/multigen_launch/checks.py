"""What `multigen doctor` says of launch files."""

from __future__ import annotations

from collections.abc import Iterator

from multigen_core.cli.doctor import Finding, State
from multigen_launch import genuine


def checks() -> Iterator[Finding]:
    """What can be run."""
    yield Finding(
        "launch files",
        State.FINE,
        "XML and Python" if genuine.available() else "XML; no ros2 launch here for those in Python",
    )
