"""Net mass on a scale, or why it is unknown."""

from __future__ import annotations

from multigen_core.types import to_seconds
from multigen_robot.scale.protocol import Reading

RESTLESS = 60.0
"""A scale unstable for longer [s] gives no mass; no pour lasts this long."""
_NAN = float("nan")


class Weighing:
    """Net masses of readings.

    Args:
        tare: use the first stable reading as zero.
    """

    def __init__(self, tare: bool = True) -> None:
        self._zero = None if tare else 0.0
        self._rested: int | None = None
        self.fault = "no reading yet"
        """Why the mass is unknown; empty if it is known."""

    def tare(self) -> None:
        """Use the next stable reading as zero."""
        self._zero = None

    def net(self, reading: Reading) -> float:
        """Mass above the zero [kg]; NaN while it is unknown."""
        self.fault = self._judge(reading)
        return _NAN if self.fault or self._zero is None else reading.mass - self._zero

    def _judge(self, reading: Reading) -> str:
        if reading.fault:
            return reading.fault
        if reading.stable:
            self._rested = reading.stamp
            if self._zero is None:
                self._zero = reading.mass
        if self._rested is None:
            self._rested = reading.stamp
        restless = to_seconds(reading.stamp - self._rested)
        if restless > RESTLESS:
            return (
                f"unstable for {restless:.0f} s; is there a draught, or is it on unsteady ground?"
            )
        if self._zero is None:
            return "waiting for a stable reading as zero"
        return ""
