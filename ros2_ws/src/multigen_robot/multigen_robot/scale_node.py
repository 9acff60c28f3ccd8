"""The scale node: mass of a real pour, for evaluation only."""

from __future__ import annotations

import time
from dataclasses import dataclass

from std_srvs.srv import Trigger

from multigen_core import contract
from multigen_core.ros import node as ros
from multigen_core.types import PourState, to_seconds
from multigen_robot.devices.device_node import DeviceNode
from multigen_robot.scale.protocol import PROTOCOLS, Reading, protocol
from multigen_robot.scale.stream import PARITIES, ScaleConfig, ScaleStream
from multigen_robot.scale.weighing import Weighing

NAN = float("nan")


@dataclass(frozen=True)
class ScaleParameters:
    """Node parameters."""

    port: str = ros.parameter("/dev/ttyUSB0", "Serial device of the scale")
    baud: int = ros.parameter(9600, "Baud rate [bit/s]", 300, 4_000_000)
    parity: str = ros.parameter("none", "Parity", choices=tuple(PARITIES))
    data_bits: int = ros.parameter(8, "Data bits", 7, 8)
    protocol: str = ros.parameter(
        "standard",
        f"Protocol: {', '.join(PROTOCOLS)}, or a regular expression with a group value",
    )
    request: str = ros.parameter("", "Request for a reading; empty: the protocol's")
    rate: float = ros.parameter(10.0, "Polling rate, if the scale needs requests [Hz]", 0.1, 100.0)
    tare: bool = ros.parameter(True, "Use the first stable reading as zero")
    density: float = ros.parameter(1000.0, "Density of the liquid [kg/m³]", 100.0, 20000.0)


class ScaleNode(DeviceNode):
    """Publishes what has been poured onto the scale; NaN while unknown."""

    def __init__(self) -> None:
        super().__init__("scale")
        p = self.declare(ScaleParameters)
        self._density = p.density
        self._weighing = Weighing(p.tare)
        self._states = ros.publisher(self, contract.POUR_STATE)
        self.create_service(Trigger, "scale/tare", self._on_tare)
        spoken = protocol(p.protocol, p.request)
        self._stream = ScaleStream(
            ScaleConfig(p.port, spoken, p.baud, p.parity, p.data_bits, p.rate),
            self.now,
            self._deliver,
            self.report,
        )
        self._diagnostics = ros.Diagnostics(self, self._health, p.port)

    def _deliver(self, reading: Reading) -> None:
        before = self._weighing.fault
        mass = self._weighing.net(reading)
        fault = self._weighing.fault
        if bool(fault) != bool(before):
            self.report(f"scale {fault}" if fault else "scale is delivering", bool(fault))
        self._states.send(PourState(reading.stamp, NAN, mass / self._density, NAN, mass))

    def _on_tare(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._weighing.tare()
        response.success, response.message = True, "the next stable reading is zero"
        return response

    def _health(self) -> ros.Health:
        status = self._stream.status
        values: dict[str, str | float | int] = {
            "reading_age": to_seconds(time.monotonic_ns() - status.arrival),
            "readings": status.readings,
            "unread_lines": status.unread,
            "reconnects": max(0, status.connects - 1),
        }
        if status.error:
            return ros.Health.error(status.error, **values)
        if self._weighing.fault:
            return ros.Health.error(self._weighing.fault, **values)
        return ros.Health.ok("weighing", **values)

    def close(self) -> None:
        """Release the port."""
        self._stream.close()


def main() -> None:
    """Run the scale until a signal arrives."""
    ros.run(ScaleNode)
