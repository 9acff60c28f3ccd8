"""Bounded histories of stamped data with lookup by time."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS, AudioChunk


class Stamped(Protocol):
    """Anything with a stamp in nanoseconds."""

    @property
    def stamp(self) -> int: ...


T = TypeVar("T", bound=Stamped)


class StampedBuffer(Generic[T]):
    """The newest `capacity` items in order of their stamps.

    An item older than the newest is dropped and counted in `late`; one older by more than
    `jump` ns means that the clock went back, and clears the buffer.
    """

    def __init__(self, capacity: int, jump: int = NANOSECONDS) -> None:
        self._items: deque[T] = deque(maxlen=capacity)
        self._jump = jump
        self.late = 0

    def push(self, item: T) -> None:
        """Add an item."""
        if self._items and item.stamp <= self._items[-1].stamp:
            if self._items[-1].stamp - item.stamp <= self._jump:
                self.late += 1
                return
            self._items.clear()
        self._items.append(item)

    def newest(self) -> T | None:
        """The newest item, or None."""
        return self._items[-1] if self._items else None

    def at(self, stamp: int) -> T | None:
        """The newest item whose stamp is `stamp` [ns] or earlier, or None."""
        index = bisect_right(self._items, stamp, key=lambda item: item.stamp)
        return self._items[index - 1] if index else None

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()

    def __len__(self) -> int:
        return len(self._items)


class AudioRing:
    """The last `seconds` of a sound stream, addressed by time.

    A step between chunks up to `tolerance` seconds is clock jitter and is absorbed. A longer gap is
    kept as zeros at its place and counted in `gaps`; what was before a gap longer than the ring is
    gone. An overlap is cut and counted in `overlaps`. A step back by more than `jump` seconds means
    that the clock went back, and clears the ring.
    """

    def __init__(
        self, seconds: float, sample_rate: int, tolerance: float = 0.005, jump: float = 1.0
    ) -> None:
        self.sample_rate = sample_rate
        self._data = np.zeros(round(seconds * sample_rate), np.float32)
        self._tolerance = round(tolerance * sample_rate)
        self._jump = round(min(jump, seconds) * sample_rate)
        self._filled = 0
        self._end: int | None = None
        self.gaps = 0
        self.overlaps = 0

    @property
    def end(self) -> int | None:
        """Time just after the newest sample [ns], None while empty."""
        return self._end

    def clear(self) -> None:
        """Forget everything but the counts."""
        self._data[:] = 0.0
        self._filled = 0
        self._end = None

    def push(self, chunk: AudioChunk) -> None:
        """Append a chunk.

        Raises:
            ValueError: the chunk has another sample rate.
        """
        if chunk.sample_rate != self.sample_rate:
            raise ValueError(
                f"audio at {chunk.sample_rate} Hz given, {self.sample_rate} Hz expected"
            )
        samples = chunk.samples
        if self._end is not None:
            step = round((chunk.stamp - self._end) * self.sample_rate / NANOSECONDS)
            if step < -self._jump:
                self.clear()
            elif step > self._tolerance:
                self.gaps += 1
                if step > len(self._data):
                    self.clear()
                else:
                    self._append(np.zeros(step, np.float32))
            elif step < -self._tolerance:
                self.overlaps += 1
                samples = samples[-step:]
                if not len(samples):
                    return
        self._append(samples)
        self._end = chunk.end

    def _append(self, samples: NDArray[np.float32]) -> None:
        count = min(len(samples), len(self._data))
        if not count:
            return
        self._data[:-count] = self._data[count:]
        self._data[len(self._data) - count :] = samples[len(samples) - count :]
        self._filled = min(self._filled + count, len(self._data))

    def window(self, end: int, seconds: float) -> AudioChunk | None:
        """What the ring holds of the `seconds` before `end` [ns]; None if that is nothing."""
        if self._end is None:
            return None
        behind = round((self._end - end) * self.sample_rate / NANOSECONDS)
        wanted = round(seconds * self.sample_rate) + min(behind, 0)
        behind = max(behind, 0)
        count = min(wanted, self._filled - behind)
        if count <= 0:
            return None
        stop = len(self._data) - behind
        stamp = self._end - (behind + count) * NANOSECONDS // self.sample_rate
        return AudioChunk(stamp, self._data[stop - count : stop].copy(), self.sample_rate)
