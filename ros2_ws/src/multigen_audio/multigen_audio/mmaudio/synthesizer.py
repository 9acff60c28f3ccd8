"""Joins MMAudio's windows of sound to a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from multigen_audio.mmaudio.config import WINDOW, MMAudioConfig
from multigen_core.contract import SAMPLE_RATE
from multigen_core.synthesizer import Source
from multigen_core.types import AudioChunk, CameraFrame, LiquidState, to_nanoseconds


class Generator(Protocol):
    """Generates the sound of one window."""

    sample_rate: int
    """[Hz]"""

    def generate(self, frames: Sequence[CameraFrame], start: int) -> NDArray[np.float32]:
        """The sound (N,) of WINDOW seconds from `start` [ns] on."""


class MMAudio:
    """Sound from images with a window that slides over the past.

    Every `hop` seconds the last 8 s of images are converted to sound; the new part at its end is
    cross-faded to the previous sound. Before the first image, that image is repeated. Windows are
    generated independently, so they differ in timbre; latency = hop + fade.
    """

    source = Source.FRAMES

    def __init__(
        self, generator: Generator, config: MMAudioConfig, sample_rate: int = SAMPLE_RATE
    ) -> None:
        """Create a synthesizer.

        Args:
            generator: generates the sound of a window.
            config: how windows follow each other.
            sample_rate: [Hz].
        """
        self.sample_rate = sample_rate
        self._generator = generator
        self._hop = round(config.hop * sample_rate)
        self._fade = round(config.fade * sample_rate)
        self.latency = config.hop + config.fade
        self.reset()

    def reset(self) -> None:
        """Clear the state; the next image starts a new stream."""
        self._frames: deque[CameraFrame] = deque()
        self._origin = 0
        self._given = 0
        self._tail: NDArray[np.float32] | None = None

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one image.

        Raises:
            TypeError: it is a liquid state.
            ValueError: its stamp does not increase.
        """
        if not isinstance(item, CameraFrame):
            raise TypeError(f"mmaudio takes images, got {type(item).__name__}")
        if self._frames and item.stamp <= self._frames[-1].stamp:
            raise ValueError(f"stamp {item.stamp} is not later than {self._frames[-1].stamp}")
        if not self._frames:
            self._origin = item.stamp
        self._frames.append(item)

    def pull(self) -> list[AudioChunk]:
        """The sound completed since the last call: a hop of it for every window that is complete.

        Raises:
            MultigenError: the model has not enough memory.
        """
        chunks = []
        while self._frames and self._frames[-1].stamp >= self._time(self._needed):
            chunks.append(self._next())
        return chunks

    @property
    def _needed(self) -> int:
        """Where the next window ends [samples]."""
        return self._given + self._hop + self._fade

    def _time(self, samples: int) -> int:
        return self._origin + to_nanoseconds(samples / self.sample_rate)

    def _next(self) -> AudioChunk:
        """The next hop: of the window's last hop and fade, the fade is kept for the next one."""
        end = self._time(self._needed)
        start = end - to_nanoseconds(WINDOW)
        sound = self._generator.generate(list(self._frames), start)
        if self._generator.sample_rate != self.sample_rate:
            sound = soxr.resample(sound, self._generator.sample_rate, self.sample_rate)
        wanted = self._hop + self._fade
        sound = np.pad(sound, (max(wanted - len(sound), 0), 0))[-wanted:].astype(np.float32)
        if self._tail is not None:
            phase = (np.arange(self._fade) + 0.5) / self._fade * np.pi / 2
            sound[: self._fade] = np.sin(phase) * sound[: self._fade] + np.cos(phase) * self._tail
        self._tail = sound[self._hop :].copy()
        chunk = AudioChunk(
            self._time(self._given), np.clip(sound[: self._hop], -1.0, 1.0), self.sample_rate
        )
        self._given += self._hop
        oldest = end + to_nanoseconds(self._hop / self.sample_rate - WINDOW)
        while len(self._frames) > 1 and self._frames[1].stamp <= oldest:
            self._frames.popleft()
        return chunk
