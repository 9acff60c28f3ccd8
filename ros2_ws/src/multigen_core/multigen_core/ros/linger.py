"""How a node sees to an end what it has begun, after it was asked to end."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node

PATIENCE = 10.0
"""How long a node stays at most [s]; the launch files kill later."""


def linger(node: Node, busy: Callable[[], object], what: str) -> bool:
    """Spin on while `busy()` is true, for a node's `close()`; false if patience has run out.

    Says `what` it waits for.
    """
    executor = node.executor
    if executor is None or not busy():
        return True
    node.get_logger().info(f"ends in at most {PATIENCE:.0f} s: waits for {what}")
    deadline = time.monotonic() + PATIENCE
    while busy():
        if time.monotonic() > deadline:
            return False
        executor.spin_once(timeout_sec=0.05)
    return True
