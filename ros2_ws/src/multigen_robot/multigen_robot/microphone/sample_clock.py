"""When each sample of a sound device was taken, from noisy times of its blocks."""

from __future__ import annotations

from multigen_core.types import NANOSECONDS, to_nanoseconds

_GAIN = 0.005
"""Share of an error that the estimate follows per block; the time constant is 4 s at 50 blocks/s.

Sound cards differ from the system's clock by up to some 100 ppm, which lags by 0.4 ms then.
"""
_OUTLIER = 0.01
"""Errors count as if no larger than this [s]: a late callback says little."""
_SLEW = 0.0004
"""How far a stamp may deviate from the one before and the nominal rate [s]."""
_GAP = 0.05
"""An error larger than this [s] that lasts is a gap in the samples or a step of the clock."""
_LASTING = 15
_LASTING_AFTER_OVERFLOW = 3


class SampleClock:
    """Smooth stamps for sample positions at a nominal rate [Hz].

    Blocks arrive late at random, so the estimate averages their times, and puts no sample after the
    earliest moment at which it can have been taken. Stamps follow it by at most `_SLEW` from one to
    the next, and jump only where samples are missing.
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
        """Learn that the sample at `position` was taken at about `time` [ns], not after `latest`.

        `overflow` tells that samples were lost somewhere before. Returns the length of a gap found
        here [s], 0 if there is none, negative where the clock went back.
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
        """Let the next stamp jump to the estimate: samples were left out on purpose."""
        self._last = None

    def restart(self) -> None:
        """Forget everything, as after opening the device anew."""
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
