"""Settings and data blocks of sound sources: PortAudio devices and sound files."""

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
"""Suffixes that identify a file, readable or not; its content determines the format."""


class MicrophoneError(MultigenError):
    """The microphone gives no sound."""


@dataclass(frozen=True, slots=True)
class MicrophoneConfig:
    """Requested settings of a microphone; a rate [Hz] or channel count of 0 is automatic.

    `device`: empty for the system's default, an index, part of a name, or a sound file. `channel`:
    to use, from 1; 0 for the mean of all. `latency` [s] from sound to callback, as measured; 0 for
    what the device reports. `loop` repeats a file.
    """

    device: str = ""
    rate: int = 0
    channels: int = 0
    channel: int = 0
    chunk: int = CHUNK
    latency: float = 0.0
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

    `overflow`: samples before it were lost in the device; `lost`: number lost on our side;
    `latest`: latest possible time of the first sample [ns].
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
        """Release the device."""


def scaled(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """16-bit samples in [-1, 1], in the contract's scaling."""
    return pcm.astype(np.float32) / np.float32(32767.0)
