"""Prevents a second instance of a node that a graph may have only once."""

from __future__ import annotations

import os
import socket

DISCOVERY = 2.0
"""How long to look for another instance before acting [s]; busy cores need up to 1.5."""


def domain() -> str:
    """The ROS domain of this process."""
    return os.environ.get("ROS_DOMAIN_ID") or "0"


def guard_of(topic: str) -> str:
    """The name that the guard of the arm commanded on a topic claims."""
    return f"guard_of_{topic}"


def claim(name: str) -> socket.socket:
    """Hold `name` in this ROS domain on this machine while the returned socket exists.

    The kernel releases it with the process, however that ends.

    Raises:
        OSError: another process holds it.
    """
    held = socket.socket(socket.AF_UNIX)
    held.bind(f"\0multigen_{name}_of_domain_{domain()}")
    return held
