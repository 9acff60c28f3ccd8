"""A device thread: opens the device, and reopens it when it is lost."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from multigen_core.errors import MultigenError
from multigen_robot.devices.backoff import Backoff

Report = Callable[[str, bool], None]
"""Receives a log line, and whether it is a problem."""


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """State of a device; `arrival` is the steady time [ns] of its last data."""

    error: str = "not opened yet"
    connects: int = 0
    arrival: int = field(default_factory=time.monotonic_ns)


Status = TypeVar("Status", bound=DeviceStatus)


class DeviceStream(ABC, Generic[Status]):
    """Runs a device in its own thread until closed.

    Args:
        name: of the thread.
        status: before the device is opened.
        report: receives a log line when the device is lost and another when it recovers.
    """

    def __init__(self, name: str, status: Status, report: Report) -> None:
        self.status = status
        self._report = report
        self._backoff = Backoff()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _attend(self) -> str:
        """Open the device and deliver until the end; return why there is no more data.

        Raises:
            MultigenError: it cannot be opened, or was lost.
        """

    def close(self) -> None:
        """End the thread and release the device."""
        self._over.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._fail(self._attend())
                return
            except MultigenError as error:
                self._fail(str(error))
                self._over.wait(self._backoff.failed())

    def _fail(self, reason: str) -> None:
        if not self._over.is_set() and reason != self.status.error:
            self._report(reason, True)
            self._update(error=reason)

    def _opened(self, line: str, bad: bool = False, **values: Any) -> None:
        """Record that the device is delivering."""
        self._backoff.succeeded()
        self._report(line, bad)
        self._update(error="", connects=self.status.connects + 1, **values)

    def _update(self, **values: Any) -> None:
        self.status = replace(self.status, **values)
