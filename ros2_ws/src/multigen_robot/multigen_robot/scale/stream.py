"""A scale on a serial line: polled if required, read in a thread that reconnects."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import serial

from multigen_core.types import NANOSECONDS, to_seconds
from multigen_robot.devices.stream import DeviceStatus, DeviceStream, Report
from multigen_robot.scale.protocol import Protocol, Reading, ScaleError, parse, unknown

SILENT = 2.0
"""A scale that sends nothing for longer [s] is off or waits for requests."""
PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_LONGEST_LINE = 128


@dataclass(frozen=True, slots=True)
class ScaleConfig:
    """A serial line and its protocol.

    `rate`: polling rate of a scale that needs requests [Hz].
    """

    port: str
    protocol: Protocol
    baud: int = 9600
    parity: str = "none"
    data_bits: int = 8
    rate: float = 10.0


@dataclass(frozen=True, slots=True)
class ScaleStatus(DeviceStatus):
    """State of the scale; `unread` counts lines without a reading."""

    readings: int = 0
    unread: int = 0


class ScaleStream(DeviceStream[ScaleStatus]):
    """Delivers readings to `deliver` from its own thread until closed.

    Silence and loss also give readings, with unknown mass.

    Args:
        config: what to open.
        clock: the graph's time [ns].
        deliver: receives each reading.
        report: receives a log line when the scale is lost and another when it recovers.
    """

    def __init__(
        self,
        config: ScaleConfig,
        clock: Callable[[], int],
        deliver: Callable[[Reading], None],
        report: Report = lambda line, bad: None,
    ) -> None:
        super().__init__("scale", ScaleStatus(), report)
        self._config = config
        self._clock = clock
        self._deliver = deliver
        self._thread.start()

    def _attend(self) -> str:
        config = self._config
        try:
            with serial.Serial(
                config.port,
                config.baud,
                bytesize=config.data_bits,
                parity=PARITIES[config.parity],
                timeout=0.1,
            ) as port:
                self._opened(f"{config.port}: open at {config.baud} baud")
                self._read(port)
        except (serial.SerialException, OSError) as error:
            reason = " ".join(str(error).split())
            self._deliver(unknown(self._clock(), "lost"))
            raise ScaleError(f"scale {config.port}: {reason}") from error
        return "closed"

    def _read(self, port: serial.Serial) -> None:
        text, asked, heard = b"", 0, time.monotonic_ns()
        while not self._over.is_set():
            now = time.monotonic_ns()
            if self._config.protocol.request and now >= asked:
                port.write(self._config.protocol.request)
                asked = now + round(NANOSECONDS / self._config.rate)
            text = (text + port.read(max(1, port.in_waiting)))[-10 * _LONGEST_LINE :]
            stamp = self._clock()
            *lines, text = re.split(rb"[\r\n]+", text)
            if len(text) > _LONGEST_LINE:
                lines, text = [*lines, text], b""
            told = [self._take(line.decode("ascii", "replace"), stamp) for line in lines if line]
            if any(told):
                heard = now
            elif to_seconds(now - heard) > SILENT:
                self._deliver(unknown(stamp, self._silence(to_seconds(now - heard))))

    def _silence(self, seconds: float) -> str:
        status = self.status
        if status.unread > status.readings:
            return "no line matches the protocol; check protocol, baud, parity and data bits"
        return f"silent for {seconds:.0f} s; is it on, and does it send by itself or on request?"

    def _take(self, line: str, stamp: int) -> bool:
        """Deliver the reading in a line; return whether there is one."""
        reading = parse(line, self._config.protocol, stamp)
        if reading is None:
            self._update(unread=self.status.unread + 1)
            return False
        self._update(readings=self.status.readings + 1, arrival=time.monotonic_ns())
        self._deliver(reading)
        return True
