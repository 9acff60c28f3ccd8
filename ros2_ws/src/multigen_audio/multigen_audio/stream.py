"""Runs a synthesizer on an unreliable stream of inputs."""

from __future__ import annotations

from multigen_core.streams.chunks import Rechunker
from multigen_core.synthesizer import Synthesizer
from multigen_core.types import NANOSECONDS, AudioChunk, CameraFrame, LiquidState, to_seconds

_PERIODS = 3
"""Missing input periods that make a gap; the synthesizer interpolates over shorter ones."""
_REWIND = NANOSECONDS
"""A stamp further back than this means that the clock was set back, not a late input [ns]."""


class SoundStream:
    """Generates sound in sync with inputs that may be late, repeated or missing.

    Late and repeated inputs are dropped and counted in `late`. After a gap, counted in `gaps`, or
    when the clock is set back, counted in `rewinds`, the old sound fades out and synthesizer and
    stamps restart at the new input; no sound is generated for the time between.
    """

    def __init__(self, synthesizer: Synthesizer, chunk: int, input_rate: float) -> None:
        """A stream.

        Args:
            synthesizer: what makes the sound.
            chunk: samples in each chunk given.
            input_rate: how often inputs come [Hz].
        """
        self._synthesizer = synthesizer
        self._rechunker = Rechunker(chunk, synthesizer.sample_rate)
        shortest = max(_PERIODS / input_rate, chunk / synthesizer.sample_rate)
        self._gap = round(shortest * NANOSECONDS * 1.01)
        self.newest: int | None = None
        """Stamp of the newest input [ns], None before any."""
        self._ready: list[AudioChunk] = []
        self.late = self.gaps = self.rewinds = 0
        self.longest_gap = 0.0
        """[s]"""

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one input.

        Raises:
            MultigenError: the synthesizer cannot use it.
        """
        if self.newest is not None:
            step = item.stamp - self.newest
            if -_REWIND < step <= 0:
                self.late += 1
                return
            if step <= 0:
                self.rewinds += 1
                self._restart()
            elif step > self._gap:
                self.gaps += 1
                self.longest_gap = max(self.longest_gap, to_seconds(step))
                self._restart()
        self.newest = item.stamp
        self._synthesizer.push(item)

    def pull(self) -> list[AudioChunk]:
        """The sound that became complete since the last call."""
        self._collect()
        ready, self._ready = self._ready, []
        return ready

    def _collect(self) -> None:
        for chunk in self._synthesizer.pull():
            self._ready += self._rechunker.push(chunk)

    def _restart(self) -> None:
        self._collect()
        self._ready += self._rechunker.finish()
        self._synthesizer.reset()
