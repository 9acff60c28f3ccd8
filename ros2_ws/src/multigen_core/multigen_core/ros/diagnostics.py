"""A node's health on /diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.time import Time

from multigen_core.contract import DIAGNOSTICS
from multigen_core.ros.endpoints import publisher

Value = str | float | int


@dataclass(frozen=True, slots=True)
class Health:
    """One line on a node's state, and the values behind it."""

    level: bytes
    message: str
    values: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def ok(cls, message: str = "running", **values: Value) -> Health:
        return cls(DiagnosticStatus.OK, message, values)

    @classmethod
    def warn(cls, message: str, **values: Value) -> Health:
        return cls(DiagnosticStatus.WARN, message, values)

    @classmethod
    def error(cls, message: str, **values: Value) -> Health:
        return cls(DiagnosticStatus.ERROR, message, values)


class Diagnostics:
    """Publishes the result of `collect` once a second of steady time, even if /clock stops.

    `clock` gives the time of the stamps [ns]; by default it is the node's.
    """

    def __init__(
        self,
        node: Node,
        collect: Callable[[], Health],
        hardware_id: str = "",
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._node = node
        self._collect = collect
        self._hardware_id = hardware_id
        self._sender = publisher(node, DIAGNOSTICS)
        self._clock = clock or (lambda: node.get_clock().now().nanoseconds)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(1.0 / DIAGNOSTICS.rate, self.publish, clock=steady)

    def publish(self) -> None:
        """Publish the current state immediately."""
        health = self._collect()
        values = {key: _text(value) for key, value in health.values.items()}
        figures = "".join(f"; {key} {value}" for key, value in values.items())
        self._node.get_logger().debug(health.message + figures)
        status = DiagnosticStatus(
            level=health.level,
            name=self._node.get_fully_qualified_name(),
            message=health.message,
            hardware_id=self._hardware_id,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = Time(nanoseconds=self._clock()).to_msg()
        self._sender.publish(array)


def _text(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
