"""PortAudio inputs, and finding one."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from multigen_core.contract import SAMPLE_RATE
from multigen_core.types import to_nanoseconds
from multigen_robot.microphone.source import Block, MicrophoneConfig, MicrophoneError, scaled

try:
    import sounddevice
except OSError:
    sounddevice = None

QUEUE = 200
"""Length of the queue between the device's callback and its reader, in blocks: 4 s."""
STALL = 1.0
"""A device without data for this long [s] is gone."""
_NO_PORTAUDIO = "PortAudio is missing; install it: apt install libportaudio2"
_MAX_LAG = 1.0
_USUAL_LATENCY = 0.02
"""Assumed time from sound to callback [s] if the device reports none."""


class Device:
    """A PortAudio input. Its callback only copies; the reader does the rest."""

    def __init__(self, config: MicrophoneConfig, clock: Callable[[], int]) -> None:
        """Open it.

        Raises:
            MicrophoneError: it does not exist or cannot be opened; lists those available.
        """
        self._clock = clock
        self._latency = config.latency
        self._blocks: queue.Queue[Block] = queue.Queue(QUEUE)
        self._lost = 0
        if sounddevice is None:
            raise MicrophoneError(_NO_PORTAUDIO)
        # PortAudio finds newly connected devices only when reinitialised.
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
        if self._latency or not 0.0 <= lag <= _MAX_LAG:
            lag = (self._latency or _USUAL_LATENCY) + frames / self.rate
        now = self._clock()
        # Sound servers sometimes report later times, but no block arrives before its last sample.
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
            raise MicrophoneError(f"microphone {self.name} stopped; is it unplugged?") from None

    def close(self) -> None:
        """Release the device."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def _settings(index: int, info: Any, config: MicrophoneConfig) -> tuple[int, int]:
    """Rate and channels to open: as requested, or 16 kHz mono, or else the device's own."""
    rates = [config.rate] if config.rate else [SAMPLE_RATE, int(info["default_samplerate"])]
    most = config.channels or int(info["max_input_channels"])
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
        f"microphone {info['name']} supports none of {rates} Hz at {channels} channels: {reason}"
    )


def _message(error: Exception) -> str:
    return str(error.args[0] if error.args else error).split("\n")[0]


def input_devices() -> dict[int, str]:
    """Indices and names of input devices."""
    return {
        index: str(info["name"])
        for index, info in enumerate(sounddevice.query_devices())
        if info["max_input_channels"] > 0
    }


def describe_inputs() -> list[str]:
    """Input devices with channels and default rate.

    Raises:
        MicrophoneError: PortAudio is missing.
    """
    if sounddevice is None:
        raise MicrophoneError(_NO_PORTAUDIO)
    return [
        f"{index}: {name} ({info['max_input_channels']} ch, {info['default_samplerate']:.0f} Hz)"
        for index, name in input_devices().items()
        for info in [sounddevice.query_devices(index)]
    ]


def find_device(wanted: str) -> int:
    """The index of a device given by index or part of its name; the default for "".

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
        raise MicrophoneError(f"no microphone {wanted}; available: {listed}")
    exact = [index for index, name in devices.items() if name.lower() == wanted.lower()]
    found = exact or [i for i, name in devices.items() if wanted.lower() in name.lower()]
    if len(found) != 1:
        what = "several input devices match" if found else "no input device matches"
        raise MicrophoneError(f"{what} {wanted!r}; available: {listed}")
    return found[0]
