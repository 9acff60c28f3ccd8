"""Keeps simulated time in sync with steady time and with the generated sound."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from multigen_core.types import NANOSECONDS, to_seconds

_TOLERATED = 0.1
"""Delay after which the pace restarts instead of catching up [s]."""
_WINDOW = 1.0
SHORTEST_AUDIO_LEAD = 0.15
"""A frame, a chunk and the time to compute it: the least possible latency [s]."""
AUDIO_TIMEOUT = 10.0
"""Steady time without sound after which to stop waiting for it [s]."""


class Pacer:
    """Keeps simulated time at `factor` times steady time; 0 runs as fast as possible."""

    def __init__(self, factor: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._factor = factor
        self._clock = clock
        self.overruns = 0
        """Number of times the computer was too slow and the pace restarted."""
        self.measured = 0.0
        """Real-time factor of the last second."""
        self.restart(0)

    def restart(self, now: int) -> None:
        """Restart pacing at simulated time `now` [ns], as after a pause."""
        self._anchor = (now, self._clock())
        self._sample = self._anchor

    def delay(self, now: int) -> float:
        """Time to wait [s] until simulated time `now` [ns] is due."""
        at = self._clock()
        sampled = at - self._sample[1]
        if sampled >= _WINDOW:
            self.measured = to_seconds(now - self._sample[0]) / sampled
            self._sample = (now, at)
        if self._factor == 0:
            return 0.0
        ahead = self._anchor[1] + to_seconds(now - self._anchor[0]) / self._factor - at
        if ahead < -_TOLERATED:
            self.overruns += 1
            self._anchor = (now, at)
        return max(ahead, 0.0)


class AudioLead:
    """Keeps simulated time at most `limit` [s] ahead of the sound; 0 is off."""

    def __init__(self, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = round(limit * NANOSECONDS)
        self._clock = clock
        self._changed = threading.Condition()
        self._newest: int | None = None
        self._heard_at = clock()
        self.silent = False
        """Whether there has been no sound for so long that waiting has stopped."""

    def heard(self, stamp: int) -> None:
        """Record sound up to `stamp` [ns]."""
        with self._changed:
            self._newest = stamp if self._newest is None else max(stamp, self._newest)
            self._heard_at = self._clock()
            self.silent = False
            self._changed.notify_all()

    def restart(self, now: int) -> None:
        """Discard the sound before simulated time `now` [ns]."""
        with self._changed:
            self._newest = now
            self._heard_at = self._clock()

    def wait(self, now: int, slice_time: float = 0.05) -> bool:
        """Whether simulated time may advance past `now` [ns]; waits up to `slice_time` [s]."""
        if not self._limit:
            return True
        with self._changed:
            if self._newest is None:
                self._newest = now
            if self.silent or now - self._newest <= self._limit:
                return True
            self._changed.wait(slice_time)
            if self._clock() - self._heard_at > AUDIO_TIMEOUT:
                self.silent = True
            return self.silent or now - self._newest <= self._limit
