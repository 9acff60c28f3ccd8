"""Lets a node finish its work after it has been asked to exit."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node

PATIENCE = 10.0
"""Longest time a node stays [s]; the launch files kill it later."""


def linger(node: Node, busy: Callable[[], object], what: str) -> bool:
    """Keep spinning while `busy()` is true, for a node's `close()`; false after PATIENCE.

    Logs `what` it waits for.
    """
    executor = node.executor
    if executor is None or not busy():
        return True
    node.get_logger().info(f"exiting within {PATIENCE:.0f} s; waiting for {what}")
    deadline = time.monotonic() + PATIENCE
    while busy():
        if time.monotonic() > deadline:
            return False
        executor.spin_once(timeout_sec=0.05)
    return True
