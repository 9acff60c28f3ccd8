"""What has been poured onto a scale, or why that is unknown."""

from __future__ import annotations

from multigen_core.types import to_seconds
from multigen_robot.scale.protocol import Reading

RESTLESS = 60.0
"""A scale that has not come to rest for longer [s] tells no mass; no pour lasts as long."""
_NAN = float("nan")


class Weighing:
    """Net masses of readings.

    Args:
        tare: whether the first reading at rest is the zero.
    """

    def __init__(self, tare: bool = True) -> None:
        self._zero = None if tare else 0.0
        self._rested: int | None = None
        self.fault = "no reading yet"
        """Why the mass is unknown; empty if it is known."""

    def tare(self) -> None:
        """Take the next reading at rest as zero."""
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
                f"not settled for {restless:.0f} s: is there a draught, or does it stand unsteady?"
            )
        if self._zero is None:
            return "waits to come to rest for its zero"
        return ""
