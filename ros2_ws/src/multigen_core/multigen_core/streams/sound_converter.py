"""Converts sound of any rate and number of channels to the contract's format."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.streams.sound_file import RATES
from multigen_core.types import NANOSECONDS, AudioChunk, AudioInfo

TOLERANCE = 0.005
"""Steps between chunks up to this are clock jitter [s], as in `AudioRing`."""
_EMPTY: NDArray[np.float32] = np.zeros(0, np.float32)


class SoundConverter:
    """Mixes and resamples decoded chunks; chunks in the contract's format pass unchanged.

    soxr preserves sample times: after a break, output sample m is input sample m·rate/16000, so its
    stamp is that of the break plus m/16000 s.
    """

    def __init__(self, info: AudioInfo) -> None:
        """Prepare for a stream of the format `info`.

        Raises:
            MultigenError: it cannot be converted.
        """
        fitting = replace(info, channels=1, sample_rate=SAMPLE_RATE)
        if fitting.mismatch:
            raise MultigenError(f"sound with {fitting.mismatch} cannot be converted")
        if not info.channels or not RATES[0] <= info.sample_rate <= RATES[1]:
            raise MultigenError(
                f"sound of {info.channels} channels at {info.sample_rate} Hz cannot be converted: "
                f"expected a channel or more at {RATES[0]} to {RATES[1]} Hz"
            )
        self._channels = info.channels
        self._rate = info.sample_rate
        self._unchanged = not info.mismatch
        self._resampler: soxr.ResampleStream | None = None
        self._frame_id = ""
        self._origin = self._received = self._given = 0

    def push(self, chunk: AudioChunk) -> list[AudioChunk]:
        """The sound completed by a chunk with interleaved `samples` (N * channels,).

        Raises:
            MultigenError: a channel lacks a sample.
        """
        if self._unchanged:
            return [chunk]
        if len(chunk.samples) % self._channels:
            raise MultigenError(
                f"sound of {len(chunk.samples)} samples for {self._channels} channels"
            )
        expected = self._origin + self._received * NANOSECONDS // self._rate
        ready: list[AudioChunk] = []
        if self._resampler is None or abs(chunk.stamp - expected) > TOLERANCE * NANOSECONDS:
            ready = self.finish()
            self._resampler = soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32")
            self._origin, self._received, self._given = chunk.stamp, 0, 0
            self._frame_id = chunk.frame_id
        mono = chunk.samples.reshape(-1, self._channels).mean(axis=1)
        self._received += len(mono)
        return ready + self._stamped(self._resampler.resample_chunk(mono))

    def finish(self) -> list[AudioChunk]:
        """The sound still in the resampler."""
        if self._resampler is None:
            return []
        rest = self._resampler.resample_chunk(_EMPTY, last=True)
        self._resampler = None
        return self._stamped(rest)

    def _stamped(self, samples: NDArray[np.float32]) -> list[AudioChunk]:
        if not len(samples):
            return []
        stamp = self._origin + self._given * NANOSECONDS // SAMPLE_RATE
        self._given += len(samples)
        return [AudioChunk(stamp, samples, SAMPLE_RATE, self._frame_id)]
