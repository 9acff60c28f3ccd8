"""A microphone thread: opens, resamples, stamps, reconnects, counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.types import NANOSECONDS, AudioChunk
from multigen_robot.devices.stream import DeviceStatus, DeviceStream, Report
from multigen_robot.microphone.channels import Channels
from multigen_robot.microphone.device import Device
from multigen_robot.microphone.sample_clock import SampleClock
from multigen_robot.microphone.sound_check import SoundCheck
from multigen_robot.microphone.sound_file import SoundFile
from multigen_robot.microphone.source import Block, MicrophoneConfig, SoundSource


@dataclass(frozen=True, slots=True)
class MicrophoneStatus(DeviceStatus):
    """State of the microphone; `lag` [s] is the time from a chunk's last sample to its delivery."""

    warning: str = ""
    name: str = ""
    rate: int = 0
    chunks: int = 0
    overflows: int = 0
    gaps: int = 0
    clipped: int = 0
    lag: float = 0.0


class Chunker:
    """Converts blocks at a device's rate to stamped chunks at 16 kHz.

    Chunks hold `size` samples; the last before a gap may hold fewer. soxr preserves sample times,
    so output sample m is input sample m·rate/16000.
    """

    def __init__(self, rate: int, size: int, frame_id: str = "") -> None:
        self._rate = rate
        self._size = size
        self._frame_id = frame_id
        self._clock = SampleClock(rate)
        self._received = 0
        self._begin()

    def _begin(self) -> None:
        self._origin = self._received
        self._given = 0
        self._end: int | None = None
        self._pending = np.empty(0, np.float32)
        self._resampler = (
            None
            if self._rate == SAMPLE_RATE
            else soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32")
        )

    def add(self, block: Block, samples: NDArray[np.float32]) -> tuple[list[AudioChunk], float]:
        """Chunks completed by `block`, and the gap before it [s], negative if time went back.

        `samples`: one channel made of the block's, (N,).
        """
        chunks: list[AudioChunk] = []
        self._received += block.lost
        gap = self._clock.observe(self._received, block.stamp, block.overflow, block.latest)
        if not gap and block.lost:
            gap = block.lost / self._rate
            self._clock.skip()
        if gap:
            chunks += self.finish()
            self._begin()
        self._received += len(samples)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._pending = np.concatenate([self._pending, samples])
        while len(self._pending) >= self._size:
            position = self._origin + self._given * self._rate / SAMPLE_RATE
            chunk = self._chunk(self._clock.stamp(position), self._pending[: self._size])
            chunks.append(chunk)
            self._pending = self._pending[self._size :]
            self._given += self._size
            self._end = chunk.end
        return chunks, gap

    def finish(self) -> list[AudioChunk]:
        """The remainder before a gap or the end, joined to the previous chunk."""
        samples = self._pending
        if self._resampler is not None:
            tail = self._resampler.resample_chunk(np.empty(0, np.float32), last=True)
            samples = np.concatenate([samples, tail])
        if self._end is None or not len(samples):
            return []
        return [self._chunk(self._end, samples)]

    def _chunk(self, stamp: int, samples: NDArray[np.float32]) -> AudioChunk:
        return AudioChunk(stamp, samples, SAMPLE_RATE, self._frame_id)


class MicrophoneStream(DeviceStream[MicrophoneStatus]):
    """Delivers chunks to `deliver` from its own thread until closed.

    Args:
        config: what to open.
        clock: the graph's time [ns].
        deliver: receives each chunk.
        report: receives a log line when something fails and another when it recovers.
        frame_id: of the chunks.
    """

    def __init__(
        self,
        config: MicrophoneConfig,
        clock: Callable[[], int],
        deliver: Callable[[AudioChunk], None],
        report: Report = lambda line, bad: None,
        frame_id: str = "",
    ) -> None:
        """Start.

        Raises:
            MicrophoneError: the configuration is invalid, whatever is plugged in later.
        """
        if config.is_file:
            SoundFile(config, clock).close()
        super().__init__("microphone", MicrophoneStatus(), report)
        self._config = config
        self._clock = clock
        self._deliver = deliver
        self._frame_id = frame_id
        self._thread.start()

    def _attend(self) -> str:
        source: SoundSource
        if self._config.is_file:
            source = SoundFile(self._config, self._clock)
        else:
            source = Device(self._config, self._clock)
        try:
            self._listen(source)
        finally:
            source.close()
        return "end of file"

    def _listen(self, source: SoundSource) -> None:
        chunker = Chunker(source.rate, self._config.chunk, self._frame_id)
        channels = Channels(source.rate, self._config.channel)
        check = SoundCheck(source.rate)
        clipped_before = self.status.clipped
        opened = False
        while not self._over.is_set():
            block = source.read()
            if block is None:
                self._send(chunker.finish())
                return
            if not opened:
                opened = True
                line = f"listening to {source.name} at {source.rate} Hz"
                self._opened(line, name=source.name, rate=source.rate)
            samples = channels.mix(block.samples)
            check.add(samples)
            chunks, gap = chunker.add(block, samples)
            fault = channels.fault or check.fault
            self._note(block, gap, fault, clipped_before + check.clipped)
            self._send(chunks)

    def _send(self, chunks: list[AudioChunk]) -> None:
        for chunk in chunks:
            self._deliver(chunk)
            self._update(
                chunks=self.status.chunks + 1,
                lag=(self._clock() - chunk.end) / NANOSECONDS,
                arrival=time.monotonic_ns(),
            )

    def _note(self, block: Block, gap: float, fault: str, clipped: int) -> None:
        status = self.status
        if gap:
            what = "sound lost" if gap > 0 else "the clock went back"
            self._report(f"{what}: {abs(gap) * 1000:.0f} ms", True)
        if fault != status.warning:
            self._report(fault or "sound is good again", bool(fault))
        self._update(
            warning=fault,
            clipped=clipped,
            overflows=status.overflows + (block.overflow or block.lost > 0),
            gaps=status.gaps + bool(gap),
        )
