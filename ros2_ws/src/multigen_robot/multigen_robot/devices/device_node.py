"""Base class of device nodes."""

from __future__ import annotations

from typing import TypeVar

from rclpy.node import Node

from multigen_core.errors import MultigenError
from multigen_core.ros import node as ros

Parameters = TypeVar("Parameters")


class DeviceNode(Node):
    """A node on wall time that reports the state of its device."""

    def declare(self, cls: type[Parameters]) -> Parameters:
        """Declare the parameters and return their values.

        Raises:
            MultigenError: a value is invalid, or time is simulated.
        """
        values = ros.declare(self, cls)
        if self.get_parameter("use_sim_time").value:
            raise MultigenError(f"{self.get_name()} runs on wall time: set use_sim_time to false")
        return values

    def now(self) -> int:
        """The graph's time [ns]."""
        return self.get_clock().now().nanoseconds

    def report(self, line: str, bad: bool) -> None:
        """Log one line."""
        if bad:
            self.get_logger().error(line)
        else:
            self.get_logger().info(line)
