"""Checks of launch files for `multigen doctor`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from multigen_core.cli.doctor import Finding, State
from multigen_launch import genuine


def checks(_: argparse.Namespace) -> Iterator[Finding]:
    """Which kinds of launch files can run."""
    yield Finding(
        "launch files",
        State.FINE,
        "XML and Python"
        if genuine.available()
        else "XML only; Python launch files need ros2 launch",
    )
