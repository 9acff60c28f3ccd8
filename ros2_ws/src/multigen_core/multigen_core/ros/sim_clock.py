"""The publisher of /clock; a graph may have only one."""

from __future__ import annotations

import time

from rclpy.node import Node

from multigen_core.contract import CLOCK
from multigen_core.errors import MultigenError
from multigen_core.ros.alone import claim, domain
from multigen_core.ros.endpoints import publisher
from multigen_core.ros.factory import FACTORY
from multigen_core.types import NANOSECONDS

YOUTH = 10.0
"""Longest time for slow discovery to find another publisher [s]."""


class SimClock:
    """Publishes simulated time; with two in one graph every node's time would jump back and forth.

    On one machine a socket name, which the kernel releases with the process, excludes a second one
    immediately; those on other machines appear only through discovery.

    Raises:
        MultigenError: this machine already has one.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        try:
            self._claim = claim("clock")
        except OSError as error:
            raise _occupied() from error
        self._sender = publisher(node, CLOCK)
        self.now = 0
        """The time published last [ns]."""
        self._grown = time.monotonic() + YOUTH

    def check_alone(self, patience: float = 0.0) -> None:
        """Look for another publisher of /clock for `patience` seconds, at least once.

        Only a new publisher yields: after `YOUTH` seconds of ticking the check always passes.

        Raises:
            MultigenError: there is another one.
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
        self.now = now
        sec, nanosec = divmod(now, NANOSECONDS)
        stamp = FACTORY.new("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)
        self._sender.publish(FACTORY.new(CLOCK.type, clock=stamp))


def _occupied() -> MultigenError:
    return MultigenError(
        f"another simulator or player publishes /clock in ROS domain {domain()}: stop it, "
        "or use another ROS_DOMAIN_ID"
    )
