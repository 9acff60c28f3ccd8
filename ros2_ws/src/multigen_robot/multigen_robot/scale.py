"""A laboratory scale on a serial line: readings from its text, in a thread that reconnects."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import serial

from multigen_core.errors import MultigenError
from multigen_robot.devices.stream import DeviceStatus, DeviceStream, Report

STANDARD = r"(?P<status>ST|US),(?:GS|NT),(?P<value>[+-]?\s*\d+(?:\.\d*)?)\s*(?P<unit>mg|kg|g)"
"""The common line of laboratory scales, such as `ST,GS,+  123.45 g`; US while still moving."""
_UNITS = {"mg": 1e-6, "g": 1e-3, "kg": 1.0}
_LONGEST_LINE = 128


class ScaleError(MultigenError):
    """The scale cannot be read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A mass [kg] read at `stamp` [ns], and whether the scale had come to rest."""

    stamp: int
    mass: float
    stable: bool


def line_pattern(protocol: str) -> re.Pattern[str]:
    """The pattern of a scale's lines: `standard`, or a regular expression of one's own.

    That must have a group `value`, and may have `unit` (mg, g, kg; without it g) and `status` (ST
    when at rest; without it always at rest).

    Raises:
        ScaleError: the expression is wrong.
    """
    try:
        pattern = re.compile(STANDARD if protocol == "standard" else protocol)
    except re.error as error:
        raise ScaleError(f"protocol: not a regular expression: {error}") from error
    if "value" not in pattern.groupindex:
        raise ScaleError("protocol: give 'standard', or an expression with a group (?P<value>…)")
    return pattern


def parse(line: str, pattern: re.Pattern[str], stamp: int) -> Reading | None:
    """The reading in a line of text, None if there is none."""
    found = pattern.search(line)
    if found is None:
        return None
    groups = found.groupdict()
    try:
        value = float(groups["value"].replace(" ", ""))
    except ValueError:
        return None
    unit = _UNITS.get(groups.get("unit") or "g")
    if unit is None:
        return None
    return Reading(stamp, value * unit, (groups.get("status") or "ST") == "ST")


class Tare:
    """Makes the first reading at rest after `again` the zero."""

    def __init__(self) -> None:
        self._zero: float | None = None

    def again(self) -> None:
        """Take the next reading at rest as zero."""
        self._zero = None

    def net(self, reading: Reading) -> float | None:
        """Mass above the zero [kg]; None while there is none yet."""
        if self._zero is None:
            if not reading.stable:
                return None
            self._zero = reading.mass
        return reading.mass - self._zero


@dataclass(frozen=True, slots=True)
class ScaleStatus(DeviceStatus):
    """How the scale does."""

    readings: int = 0
    unread: int = 0


class ScaleStream(DeviceStream[ScaleStatus]):
    """Delivers readings to `deliver` from its own thread until closed.

    Args:
        port: serial device.
        baud: its rate [bit/s].
        pattern: of its lines.
        clock: the graph's time [ns].
        deliver: takes each reading.
        report: takes one line for the log when the scale is lost, and one when it is back.
    """

    def __init__(
        self,
        port: str,
        baud: int,
        pattern: re.Pattern[str],
        clock: Callable[[], int],
        deliver: Callable[[Reading], None],
        report: Report = lambda line, bad: None,
    ) -> None:
        super().__init__("scale", ScaleStatus(), report)
        self._port = port
        self._baud = baud
        self._pattern = pattern
        self._clock = clock
        self._deliver = deliver
        self._thread.start()

    def _attend(self) -> str:
        try:
            with serial.Serial(self._port, self._baud, timeout=0.2) as port:
                self._opened(f"{self._port}: open at {self._baud} baud")
                self._read(port)
        except (serial.SerialException, OSError) as error:
            reason = " ".join(str(error).split())
            raise ScaleError(f"scale {self._port}: {reason}") from error
        return "closed"

    def _read(self, port: serial.Serial) -> None:
        text = b""
        while not self._over.is_set():
            text = (text + port.read(max(1, port.in_waiting)))[-10 * _LONGEST_LINE :]
            stamp = self._clock()
            *lines, text = re.split(rb"[\r\n]+", text)
            for line in filter(None, lines):
                self._take(line.decode("ascii", "replace"), stamp)
            if len(text) > _LONGEST_LINE:
                self._take(text.decode("ascii", "replace"), stamp)
                text = b""

    def _take(self, line: str, stamp: int) -> None:
        reading = parse(line, self._pattern, stamp)
        if reading is None:
            self._update(unread=self.status.unread + 1)
            return
        self._update(readings=self.status.readings + 1, arrival=time.monotonic_ns())
        self._deliver(reading)
