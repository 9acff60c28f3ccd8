"""The publisher of /clock, of which a graph may have only one."""

from __future__ import annotations

import os
import socket
import time

from rclpy.node import Node

from multigen_core.contract import CLOCK
from multigen_core.errors import MultigenError
from multigen_core.ros.endpoints import publisher
from multigen_core.ros.factory import FACTORY
from multigen_core.types import NANOSECONDS

DISCOVERY = 2.0
"""How long to look for another clock before the first tick [s]; busy cores need up to 1.5."""
YOUTH = 10.0
"""How long slow discovery may take to show one [s]."""


class SimClock:
    """Tells simulated time; two in one graph would throw every node's time to and fro.

    On one machine a socket's name, which the kernel frees with the process, keeps a second one out
    at once; those of other machines show only by discovery.

    Raises:
        MultigenError: this machine has one already.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._claim = socket.socket(socket.AF_UNIX)
        try:
            self._claim.bind(f"\0multigen_clock_of_domain_{_domain()}")
        except OSError as error:
            raise _occupied() from error
        self._sender = publisher(node, CLOCK)
        self._grown = time.monotonic() + YOUTH

    def check_alone(self, patience: float = 0.0) -> None:
        """Look for another publisher of /clock for `patience` seconds, at least once.

        Only a newcomer gives way: one that has ticked for `YOUTH` seconds finds nothing wrong.

        Raises:
            MultigenError: there is one.
        """
        deadline = time.monotonic() + patience
        while time.monotonic() < self._grown:
            if self._node.count_publishers(CLOCK.name) > 1:
                raise _occupied()
            if time.monotonic() >= deadline:
                return
            time.sleep(0.05)

    def send(self, now: int) -> None:
        """Publish simulated time [ns]."""
        sec, nanosec = divmod(now, NANOSECONDS)
        stamp = FACTORY.new("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)
        self._sender.publish(FACTORY.new(CLOCK.type, clock=stamp))


def _domain() -> str:
    return os.environ.get("ROS_DOMAIN_ID") or "0"


def _occupied() -> MultigenError:
    return MultigenError(
        f"another simulator or player publishes /clock in ROS domain {_domain()}: end it, "
        "or set ROS_DOMAIN_ID to another number"
    )
