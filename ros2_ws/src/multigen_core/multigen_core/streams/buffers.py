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

    An item older than the newest is dropped and counted in `late`; one older by more than `jump` ns
    means that the clock jumped back, and clears the buffer.
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
        """Remove everything."""
        self._items.clear()

    def __len__(self) -> int:
        return len(self._items)


class AudioRing:
    """The last `seconds` of a sound stream, addressed by time.

    It holds segments without gaps. A step between chunks up to `tolerance` seconds is clock jitter
    and is absorbed; a longer gap starts a new segment and is counted in `gaps`. An overlap is cut
    and counted in `overlaps`. A step back by more than `jump` seconds means that the clock jumped
    back, and clears the ring.
    """

    def __init__(
        self, seconds: float, sample_rate: int, tolerance: float = 0.005, jump: float = 1.0
    ) -> None:
        self.sample_rate = sample_rate
        self._data = np.zeros(round(seconds * sample_rate), np.float32)
        self._tolerance = round(tolerance * sample_rate)
        self._jump = round(min(jump, seconds) * sample_rate)
        self.gaps = 0
        self.overlaps = 0
        self.clear()

    @property
    def end(self) -> int | None:
        """Time just after the newest sample [ns], None while empty."""
        return self._end

    def clear(self) -> None:
        """Remove everything except the counts."""
        self._count = 0
        self._end: int | None = None
        self._pieces: deque[tuple[int, int]] = deque()
        """Per segment: number of samples before it and time of its first sample [ns]."""

    def push(self, chunk: AudioChunk) -> None:
        """Append a chunk.

        Raises:
            ValueError: the chunk has a different sample rate.
        """
        if chunk.sample_rate != self.sample_rate:
            raise ValueError(
                f"audio at {chunk.sample_rate} Hz given, {self.sample_rate} Hz expected"
            )
        samples, begin = chunk.samples, True
        if self._end is not None:
            step = self._samples(chunk.stamp - self._end)
            if step < -self._jump:
                self.clear()
            elif step < -self._tolerance:
                self.overlaps += 1
                samples = samples[-step:]
            self.gaps += step > self._tolerance
            begin = not -self._jump <= step <= self._tolerance
        if not len(samples):
            return
        if not begin:
            # Clocks drift: continue as a new segment once the offset exceeds the tolerance.
            before, stamp = self._pieces[-1]
            drift = self._samples(chunk.end - stamp) - (self._count - before + len(samples))
            begin = abs(drift) > self._tolerance
        if begin:
            lapse = len(samples) * NANOSECONDS // self.sample_rate
            self._pieces.append((self._count, chunk.end - lapse))
        self._append(samples)
        self._end = chunk.end

    def _samples(self, lapse: int) -> int:
        """A duration [ns] in samples."""
        return round(lapse * self.sample_rate / NANOSECONDS)

    def _append(self, samples: NDArray[np.float32]) -> None:
        self._count += len(samples)
        kept = samples[-len(self._data) :]
        self._data[: -len(kept)] = self._data[len(kept) :]
        self._data[len(self._data) - len(kept) :] = kept
        while len(self._pieces) > 1 and self._pieces[1][0] <= self._count - len(self._data):
            self._pieces.popleft()

    def since(self, stamp: int, until: int | None = None) -> tuple[AudioChunk, ...]:
        """The sound from `stamp` to `until` or the newest sample [ns], as segments.

        Sound is missing between segments. Continuing from the end of the last segment neither loses
        nor repeats samples.
        """
        found = []
        oldest = self._count - len(self._data)
        ends = [before for before, _ in self._pieces][1:]
        for (first, begin), end in zip(self._pieces, [*ends, self._count], strict=False):
            low = max(first + max(self._samples(stamp - begin), 0), oldest)
            high = end if until is None else min(end, first + self._samples(until - begin))
            if low < high:
                held = self._data[low - oldest : high - oldest].copy()
                time = begin + (low - first) * NANOSECONDS // self.sample_rate
                found.append(AudioChunk(time, held, self.sample_rate))
        return tuple(found)
