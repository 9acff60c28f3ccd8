"""Runs a device's stream for some seconds and keeps what it delivers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from multigen_robot.devices.stream import DeviceStream

Item = TypeVar("Item")
OPENING = 10.0
"""Longest time a device may take to deliver its first item [s]."""


class Sampling(Generic[Item]):
    """The items of a stream with their arrivals, and the stream's last status and complaints."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.arrivals: list[float] = []
        """Steady times [s]."""
        self.complaints: list[str] = []
        self.status: Any = None

    def take(self, item: Item) -> None:
        """Keep an item."""
        self.arrivals.append(time.monotonic())
        self.items.append(item)

    def note(self, line: str, bad: bool) -> None:
        """Keep a complaint."""
        if bad:
            self.complaints.append(line)


def sample(
    make: Callable[[Callable[[Any], None], Callable[[str, bool], None]], DeviceStream[Any]],
    seconds: float,
) -> Sampling[Any]:
    """What a stream delivers within `seconds` of its first item.

    `make(deliver, report)` starts the stream.

    Raises:
        MultigenError: the stream's configuration is invalid.
    """
    sampling: Sampling[Any] = Sampling()
    stream = make(sampling.take, sampling.note)
    try:
        deadline = time.monotonic() + OPENING
        while not sampling.items and time.monotonic() < deadline and not sampling.complaints:
            time.sleep(0.02)
        if sampling.items:
            time.sleep(max(0.0, sampling.arrivals[0] + seconds - time.monotonic()))
        sampling.status = stream.status
    finally:
        stream.close()
    return sampling
