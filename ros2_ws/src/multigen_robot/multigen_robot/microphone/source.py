"""What a microphone is asked for and gives, be it a PortAudio device or a sound file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from multigen_core.contract import CHUNK
from multigen_core.errors import MultigenError

FILE_SUFFIXES = {
    *(name.lower() for name in soundfile.available_formats()),
    *("aac", "aif", "aifc", "m4a", "mp4", "oga", "opus", "snd", "wave", "webm", "wma"),
}
"""Endings of names that mean a file, be it one that can be read; what it holds tells its format."""


class MicrophoneError(MultigenError):
    """No sound can be had."""


@dataclass(frozen=True, slots=True)
class MicrophoneConfig:
    """What is asked of a microphone; 0 leaves rate [Hz] or channels to what the device does best.

    `device`: empty for the system's default, an index, part of a name, or a sound file. `channel`:
    which of several to listen to, from 1; 0 for their mean. `latency` [s] from sound to callback is
    assumed where the device does not tell. `loop` plays a file again.
    """

    device: str = ""
    rate: int = 0
    channels: int = 0
    channel: int = 0
    chunk: int = CHUNK
    latency: float = 0.02
    loop: bool = False

    @property
    def is_file(self) -> bool:
        """Whether the sound comes from a file."""
        path = Path(self.device)
        suffix = path.suffix.removeprefix(".").lower()
        return suffix in FILE_SUFFIXES or path.is_absolute() or path.is_file()


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Samples in [-1, 1], (N, channels), and the time of the first [ns].

    `overflow`: samples before it were lost in the device; `lost`: how many were lost on our side;
    `latest`: when the first sample was taken at the latest [ns].
    """

    samples: NDArray[np.float32]
    stamp: int
    overflow: bool = False
    lost: int = 0
    latest: int | None = None


class SoundSource(Protocol):
    """Gives blocks of sound until it ends."""

    rate: int
    """Samples per second."""
    name: str

    def read(self) -> Block | None:
        """The next block; None at the end of a file.

        Raises:
            MicrophoneError: the device is gone.
        """

    def close(self) -> None:
        """Give the device back."""


def scaled(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """16-bit samples in [-1, 1], in the contract's scaling."""
    return pcm.astype(np.float32) / np.float32(32767.0)
