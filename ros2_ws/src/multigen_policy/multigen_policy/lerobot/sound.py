"""Sound as one window of fixed length per frame."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.streams.buffers import AudioRing
from multigen_core.types import NANOSECONDS, AudioChunk

KEPT = 2.0
"""Sound that may arrive before the frame it belongs to [s]."""


class SoundWindows:
    """Cuts a stream of chunks into windows; what is missing is silent and counted.

    Args:
        chunks: in order of arrival.
        length: of a window [samples].
    """

    def __init__(self, chunks: Iterable[AudioChunk], length: int) -> None:
        self._chunks = iter(chunks)
        self._next = next(self._chunks, None)
        self._ring = AudioRing(KEPT, SAMPLE_RATE)
        self._length = length
        self.missing = 0
        """Samples that no chunk held."""

    def until(self, end: int) -> NDArray[np.float32]:
        """The window (length,) that ends at `end` [ns], which must not decrease from call to call.

        Windows that follow one another neither lose nor repeat samples.
        """
        while self._next is not None and self._next.stamp < end:
            self._ring.push(self._next)
            self._next = next(self._chunks, None)
        start = end - self._length * NANOSECONDS // SAMPLE_RATE
        window = np.zeros(self._length, np.float32)
        self.missing += self._length
        for segment in self._ring.since(start, end):
            # A stamp lies up to half a sample beside the grid; only whole gaps move a segment.
            offset = round((segment.stamp - start) * SAMPLE_RATE / NANOSECONDS)
            samples = segment.samples[: self._length]
            offset = min(max(offset, 0), self._length - len(samples))
            window[offset : offset + len(samples)] = samples
            self.missing -= len(samples)
        return window
