"""Where sound comes from: a PortAudio device, or a sound file played as if it were heard now."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from multigen_core.contract import CHUNK, SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.types import to_nanoseconds

try:
    import sounddevice
except OSError:
    sounddevice = None

FILE_SUFFIXES = {
    *(name.lower() for name in soundfile.available_formats()),
    *("aac", "aif", "aifc", "m4a", "mp4", "oga", "opus", "snd", "wave", "webm", "wma"),
}
"""Endings of names that mean a file, be it one that can be read; what it holds tells its format."""
QUEUE = 200
"""Blocks that may wait between the device's callback and its reader: 4 s."""
STALL = 1.0
"""A device that gives nothing for this long [s] is gone."""
_MAX_LAG = 1.0


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

    def check(self) -> None:
        """Check what can be known to be wrong before anything is opened.

        Raises:
            MicrophoneError: the file is missing or no sound file, or has no such channel.
        """
        if self.channels and self.channel > self.channels:
            raise MicrophoneError(f"channel {self.channel} is not one of {self.channels} channels")
        if self.is_file:
            if not Path(self.device).is_file():
                raise MicrophoneError(f"device {self.device}: no such file")
            SoundFile(self, time.time_ns).close()


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


class Device:
    """A PortAudio input. Its callback only copies; whoever reads does the rest."""

    def __init__(self, config: MicrophoneConfig, clock: Callable[[], int]) -> None:
        """Open it.

        Raises:
            MicrophoneError: it is not there or cannot be opened; lists those that are.
        """
        self._clock = clock
        self._latency = config.latency
        self._blocks: queue.Queue[Block] = queue.Queue(QUEUE)
        self._lost = 0
        if sounddevice is None:
            raise MicrophoneError("PortAudio is missing; install it: apt install libportaudio2")
        # PortAudio learns of devices plugged in meanwhile only by starting anew.
        sounddevice._terminate()
        sounddevice._initialize()
        index = find_device(config.device)
        info = sounddevice.query_devices(index)
        self.name = str(info["name"])
        self.rate, channels = _settings(index, info, config)
        try:
            self._stream = sounddevice.InputStream(
                device=index,
                samplerate=self.rate,
                channels=channels,
                dtype="int16",
                blocksize=round(config.chunk * self.rate / SAMPLE_RATE),
                latency="low",
                callback=self._callback,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise MicrophoneError(f"microphone {self.name}: {_message(error)}") from error

    def _callback(self, pcm: Any, frames: int, times: Any, status: Any) -> None:
        lag = times.currentTime - times.inputBufferAdcTime
        if not 0.0 <= lag <= _MAX_LAG:
            lag = self._latency + frames / self.rate
        now = self._clock()
        # Sound servers claim later times now and then, but no block comes before its last sample.
        latest = now - to_nanoseconds(frames / self.rate)
        stamp = min(now - to_nanoseconds(lag), latest)
        block = Block(scaled(pcm), stamp, bool(status.input_overflow), self._lost, latest)
        try:
            self._blocks.put_nowait(block)
            self._lost = 0
        except queue.Full:
            self._lost += frames

    def read(self) -> Block:
        """The next block.

        Raises:
            MicrophoneError: the device is gone.
        """
        try:
            return self._blocks.get(timeout=STALL)
        except queue.Empty:
            raise MicrophoneError(
                f"microphone {self.name} gives no sound any more; is it unplugged?"
            ) from None

    def close(self) -> None:
        """Give the device back."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def _settings(index: int, info: Any, config: MicrophoneConfig) -> tuple[int, int]:
    """The rate and channels to open with: as asked, or 16 kHz mono, or else the device's own."""
    rates = [config.rate] if config.rate else [SAMPLE_RATE, int(info["default_samplerate"])]
    most = int(info["max_input_channels"])
    if config.channel > most:
        raise MicrophoneError(
            f"microphone {info['name']} has no channel {config.channel}, only {most}"
        )
    few = max(1, config.channel)
    channels = [config.channels] if config.channels else [few, max(few, min(2, most)), most]
    reason = ""
    for rate in rates:
        for count in channels:
            try:
                sounddevice.check_input_settings(index, count, "int16", samplerate=rate)
                return rate, count
            except (sounddevice.PortAudioError, ValueError) as error:
                reason = _message(error)
    raise MicrophoneError(
        f"microphone {info['name']} takes neither of {rates} Hz with {channels} channels: {reason}"
    )


def _message(error: Exception) -> str:
    return str(error.args[0] if error.args else error).split("\n")[0]


def input_devices() -> dict[int, str]:
    """Indices and names of the devices that record."""
    return {
        index: str(info["name"])
        for index, info in enumerate(sounddevice.query_devices())
        if info["max_input_channels"] > 0
    }


def find_device(wanted: str) -> int:
    """The index of the device given by index or part of its name; the default one for "".

    Raises:
        MicrophoneError: there is none, or several; lists them.
    """
    devices = input_devices()
    listed = "; ".join(f"{index}: {name}" for index, name in devices.items()) or "none"
    if not wanted:
        default = int(sounddevice.default.device[0])
        if default in devices:
            return default
        raise MicrophoneError(f"there is no default microphone; available: {listed}")
    if wanted.isdigit():
        if int(wanted) in devices:
            return int(wanted)
        raise MicrophoneError(f"microphone {wanted} is not there; available: {listed}")
    exact = [index for index, name in devices.items() if name.lower() == wanted.lower()]
    found = exact or [i for i, name in devices.items() if wanted.lower() in name.lower()]
    if len(found) != 1:
        what = "several devices" if found else "no device"
        raise MicrophoneError(f"{what} called {wanted!r} record; available: {listed}")
    return found[0]


class SoundFile:
    """A sound file that gives each block when its last sample would have been heard."""

    def __init__(self, config: MicrophoneConfig, clock: Callable[[], int]) -> None:
        """Open it.

        Raises:
            MicrophoneError: it is no sound file.
        """
        self.name = config.device
        self._loop = config.loop
        try:
            self._file = soundfile.SoundFile(config.device)
        except (soundfile.LibsndfileError, OSError, TypeError) as error:
            line = " ".join(str(error).split())
            raise MicrophoneError(
                f"device {config.device} is no sound file that can be read: {line}; "
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
        """So many samples, (N, channels); 16-bit ones pass bit by bit."""
        if self._file.subtype == "PCM_16":
            return scaled(self._file.read(count, dtype="int16", always_2d=True))
        samples = self._file.read(count, dtype="float32", always_2d=True)
        return np.clip(np.nan_to_num(samples), -1.0, 1.0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
