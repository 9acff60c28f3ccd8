"""Splits sound into messages of equal length with exact stamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS, AudioChunk

_FADE = 0.005  # s


class Rechunker:
    """Splits a stream of chunks into chunks of `size` samples.

    Chunk k is stamped origin + k size / rate, rounded down to 1 ns, so stamps never drift. A chunk
    that does not follow the previous one within a sample starts a new stream: the old one is
    finished, the new one fades in.
    """

    def __init__(self, size: int, sample_rate: int) -> None:
        self._size = size
        self._rate = sample_rate
        self._fade = np.linspace(0.0, 1.0, round(_FADE * sample_rate), endpoint=False)
        self._origin: int | None = None
        self.clear()

    def clear(self) -> None:
        """Drop the stream; the next chunk starts a new one."""
        self._origin = None
        self._given = 0
        self._rest: NDArray[np.float32] = np.empty(0, np.float32)
        self._last: NDArray[np.float32] = np.empty(0, np.float32)

    def finish(self) -> list[AudioChunk]:
        """End the stream: one more chunk with the remainder, faded out over 5 ms, then zeros.

        If less than that remains, the preceding sound is played backwards under the fade, because a
        hard stop would click. Nothing if the stream had not started.
        """
        if self._origin is None:
            return []
        end = self._rest
        fade = min(len(self._fade), self._size)
        if len(end) < fade:
            before = np.concatenate([self._last, end])
            end = np.concatenate([end, before[::-1][: fade - len(end)]])
        samples = np.zeros(self._size, np.float32)
        samples[: len(end)] = end
        fade = min(fade, len(end))
        down = np.linspace(1.0, 0.0, fade, endpoint=False)
        samples[len(end) - fade : len(end)] *= down.astype(np.float32)
        chunk = AudioChunk(self._time(0), samples, self._rate)
        self.clear()
        return [chunk]

    def push(self, chunk: AudioChunk) -> list[AudioChunk]:
        """The chunks completed by this one, preceded by the end of a stream that it interrupts.

        Raises:
            ValueError: the chunk has a different sample rate.
        """
        if chunk.sample_rate != self._rate:
            raise ValueError(f"sound at {chunk.sample_rate} Hz given, {self._rate} Hz expected")
        samples = chunk.samples
        tolerance = NANOSECONDS // self._rate
        ended: list[AudioChunk] = []
        if self._origin is None or abs(chunk.stamp - self._time(len(self._rest))) > tolerance:
            ended = self.finish()
            self._origin = chunk.stamp
            samples = samples.copy()
            count = min(len(samples), len(self._fade))
            samples[:count] *= self._fade[:count].astype(np.float32)
        pending = np.concatenate([self._rest, samples])
        whole = len(pending) // self._size
        chunks = ended
        for index in range(whole):
            part = pending[index * self._size : (index + 1) * self._size]
            chunks.append(AudioChunk(self._time(0), part, self._rate))
            self._given += self._size
        self._rest = pending[whole * self._size :]
        if whole:
            self._last = chunks[-1].samples[-len(self._fade) :]
        return chunks

    def _time(self, ahead: int) -> int:
        """Time of the sample `ahead` after those given [ns]."""
        assert self._origin is not None
        return self._origin + (self._given + ahead) * NANOSECONDS // self._rate
