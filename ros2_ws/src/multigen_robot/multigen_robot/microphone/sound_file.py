"""A sound file played in real time, like a microphone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.types import to_nanoseconds
from multigen_robot.microphone.source import Block, MicrophoneConfig, MicrophoneError, scaled


class SoundFile:
    """A sound file that gives each block when its last sample is due."""

    def __init__(self, config: MicrophoneConfig, clock: Callable[[], int]) -> None:
        """Open it.

        Raises:
            MicrophoneError: it is missing, not a sound file, or lacks the channel.
        """
        if not Path(config.device).is_file():
            raise MicrophoneError(f"device {config.device}: no such file")
        self.name = config.device
        self._loop = config.loop
        try:
            self._file = soundfile.SoundFile(config.device)
        except (soundfile.LibsndfileError, OSError, TypeError) as error:
            line = " ".join(str(error).split())
            raise MicrophoneError(
                f"device {config.device} is not a readable sound file: {line}; "
                f"convert it: ffmpeg -i {Path(config.device).name} sound.wav"
            ) from error
        if config.channel > self._file.channels:
            raise MicrophoneError(
                f"device {config.device} has no channel {config.channel}, only "
                f"{self._file.channels}"
            )
        self.rate = int(self._file.samplerate)
        self._size = round(config.chunk * self.rate / SAMPLE_RATE)
        self._played = 0
        self._begin = time.monotonic()
        self._stamp = clock()

    def read(self) -> Block | None:
        """The next block; None at the end."""
        samples = self._decode(self._size)
        if self._loop and len(samples) < self._size and self._file.frames:
            self._file.seek(0)
            samples = np.concatenate([samples, self._decode(self._size - len(samples))])
        if not len(samples):
            return None
        stamp = self._stamp + to_nanoseconds(self._played / self.rate)
        self._played += len(samples)
        time.sleep(max(0.0, self._begin + self._played / self.rate - time.monotonic()))
        return Block(samples, stamp)

    def _decode(self, count: int) -> NDArray[np.float32]:
        """The next `count` samples, (N, channels); 16-bit samples pass bit by bit."""
        if self._file.subtype == "PCM_16":
            return scaled(self._file.read(count, dtype="int16", always_2d=True))
        samples = self._file.read(count, dtype="float32", always_2d=True)
        return np.clip(np.nan_to_num(samples), -1.0, 1.0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
