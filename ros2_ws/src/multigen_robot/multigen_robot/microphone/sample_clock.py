"""Times of a sound device's samples, estimated from noisy block times."""

from __future__ import annotations

from multigen_core.types import NANOSECONDS, to_nanoseconds

_GAIN = 0.005
"""Fraction of the error corrected per block; the time constant is 4 s at 50 blocks/s.

Sound cards differ from the system clock by up to some 100 ppm, which gives a lag of 0.4 ms.
"""
_OUTLIER = 0.01
"""Errors are clipped to this [s], because a late callback carries little information."""
_SLEW = 0.0004
"""Largest deviation of a stamp from the previous one plus the nominal period [s]."""
_GAP = 0.05
"""A lasting error larger than this [s] is a gap in the samples or a step of the clock."""
_LASTING = 15
_LASTING_AFTER_OVERFLOW = 3


class SampleClock:
    """Smooth stamps for sample positions at a nominal rate [Hz].

    Blocks arrive with random delays, so the estimate averages their times, and never puts a sample
    after the latest time at which it can have been taken. Stamps follow the estimate by at most
    `_SLEW` per step, and jump only where samples are missing.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._position = 0.0
        self._time: int | None = None
        self._seen = 0
        self._late: list[int] = []
        self._overflow = False
        self._last: tuple[float, int] | None = None

    def observe(
        self, position: float, time: int, overflow: bool = False, latest: int | None = None
    ) -> float:
        """Add an observation: the sample at `position` was taken at about `time`, by `latest` [ns].

        `overflow`: samples were lost before it. Returns the length of a gap found here [s], 0 if
        there is none, negative if the clock went back.
        """
        if self._time is None:
            self._time, self._position, self._seen = time, position, 1
            return 0.0
        predicted = self._at(position)
        error = (time - predicted) / NANOSECONDS
        self._overflow |= overflow
        if abs(error) > _GAP and (not self._late or (self._late[-1] > 0) == (error > 0)):
            self._late.append(1 if error > 0 else -1)
            enough = _LASTING_AFTER_OVERFLOW if self._overflow else _LASTING
            if len(self._late) >= enough:
                self.restart()
                self._time, self._position, self._seen = time, position, 1
                return error
        else:
            self._late = []
            self._overflow &= overflow
        self._seen += 1
        gain = max(1.0 / self._seen, _GAIN)
        bounded = min(max(error, -_OUTLIER), _OUTLIER)
        self._time = predicted + to_nanoseconds(gain * bounded)
        if latest is not None and latest > predicted - to_nanoseconds(_GAP):
            self._time = min(self._time, latest)
        self._position = position
        return 0.0

    def skip(self) -> None:
        """Let the next stamp jump to the estimate, because samples were skipped on purpose."""
        self._last = None

    def restart(self) -> None:
        """Reset, as after reopening the device."""
        self._time = None
        self._seen = 0
        self._late = []
        self._overflow = False
        self._last = None

    def _at(self, position: float) -> int:
        assert self._time is not None
        return self._time + round((position - self._position) / self._rate * NANOSECONDS)

    def stamp(self, position: float) -> int:
        """Time [ns] of the sample at `position`; at least one block must have been observed."""
        time = self._at(position)
        if self._last is not None:
            lapse = (position - self._last[0]) / self._rate
            expected = self._last[1] + round(lapse * NANOSECONDS)
            bound = to_nanoseconds(_SLEW)
            time = expected + min(max(time - expected, -bound), bound)
        self._last = (position, time)
        return time
