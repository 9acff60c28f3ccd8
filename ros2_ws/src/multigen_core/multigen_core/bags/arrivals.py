"""Stamping what arrives by the right clock."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from multigen_core.contract import Topic

MAX_EARLY = 10_000
"""Messages kept until it is known how to stamp them."""


class Arrivals:
    """Passes messages on with bag times [ns], once it is known which clock tells them.

    Those that come before that, or before simulated time begins, are kept.
    """

    def __init__(self, put: Callable[[Topic, bytes, int], None], simulated: bool | None) -> None:
        """`put(topic, data, stamp)` takes them; `simulated` None: not known yet."""
        self._put = put
        self.simulated = simulated
        """Whether bag time is simulated time."""
        self.lost = 0
        """How many were too many to keep."""
        self._early: deque[tuple[Topic, bytes, int]] = deque(maxlen=MAX_EARLY)

    @property
    def waiting(self) -> int:
        """How many are kept."""
        return len(self._early)

    def take(self, topic: Topic, data: bytes, now: int) -> bool:
        """A message that came at `now` [ns] by the node's clock, 0 before simulated time begins.

        Returns whether it was passed on.
        """
        if self.simulated is None or not now:
            self.lost += len(self._early) == MAX_EARLY
            self._early.append((topic, data, time.time_ns()))
            return False
        # Their own wall time beside stamps of simulated time would stretch the bag over decades.
        self._pass_on(now if self.simulated else None)
        self._put(topic, data, now)
        return True

    def decide(self, simulated: bool) -> None:
        """Tell which clock it is; wall time passes on what was kept."""
        self.simulated = simulated
        if not simulated:
            self._pass_on(None)

    def _pass_on(self, stamp: int | None) -> None:
        while self._early:
            topic, data, arrived = self._early.popleft()
            self._put(topic, data, arrived if stamp is None else stamp)
