"""The scale's node: what a real pour weighs, for evaluation only."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rclpy.node import Node
from std_srvs.srv import Trigger

from multigen_core import contract
from multigen_core.errors import MultigenError
from multigen_core.ros.node import Diagnostics, Health, declare, parameter, publisher, run
from multigen_core.types import PourState, to_seconds
from multigen_robot.scale import Reading, ScaleStream, Tare, line_pattern

STALE = 2.0
"""A scale that is silent for longer [s] is off, or waits to be asked."""
NAN = float("nan")


@dataclass(frozen=True)
class ScaleParameters:
    """What may be set of the node."""

    port: str = parameter("/dev/ttyUSB0", "Serial device of the scale")
    baud: int = parameter(9600, "Its rate [bit/s]", 300, 4_000_000)
    protocol: str = parameter(
        "standard", "Its lines: standard, or a regular expression with a group named value"
    )
    tare: bool = parameter(True, "Take the first reading at rest as zero")
    density: float = parameter(1000.0, "Density of the liquid [kg/m³]", 100.0, 20000.0)


class ScaleNode(Node):
    """Publishes what has been poured onto the scale."""

    def __init__(self) -> None:
        super().__init__("scale")
        p = declare(self, ScaleParameters)
        if self.get_parameter("use_sim_time").value:
            raise MultigenError("a scale is a device on wall time: set use_sim_time false")
        self._density = p.density
        self._tare = Tare() if p.tare else None
        self._states = publisher(self, contract.POUR_STATE)
        self.create_service(Trigger, "scale/tare", self._on_tare)
        self._stream = ScaleStream(
            p.port,
            p.baud,
            line_pattern(p.protocol),
            lambda: self.get_clock().now().nanoseconds,
            self._deliver,
            self._report,
        )
        self._diagnostics = Diagnostics(self, self._health, p.port)

    def _report(self, line: str, bad: bool) -> None:
        if bad:
            self.get_logger().error(line)
        else:
            self.get_logger().info(line)

    def _deliver(self, reading: Reading) -> None:
        mass = self._tare.net(reading) if self._tare else reading.mass
        if mass is not None:
            self._states.send(PourState(reading.stamp, NAN, mass / self._density, NAN, mass))

    def _on_tare(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._tare is None:
            self._tare = Tare()
        self._tare.again()
        response.success, response.message = True, "the next reading at rest is zero"
        return response

    def _health(self) -> Health:
        status = self._stream.status
        age = to_seconds(time.monotonic_ns() - status.arrival)
        values: dict[str, str | float | int] = {
            "reading_age": age,
            "readings": status.readings,
            "unread_lines": status.unread,
            "reconnects": max(0, status.connects - 1),
        }
        if status.error:
            return Health.error(status.error, **values)
        if age > STALE and status.unread:
            return Health.error("lines come but none fits the protocol; check it", **values)
        if age > STALE:
            return Health.error(f"no reading for {age:.1f} s; is the scale sending?", **values)
        return Health.ok("weighing", **values)

    def close(self) -> None:
        """Give the port back."""
        self._stream.close()


def main() -> None:
    """Run the scale until a signal comes."""
    run(ScaleNode)
