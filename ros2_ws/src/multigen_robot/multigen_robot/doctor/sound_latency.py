"""Measures the delay from a loudspeaker to the microphone's callback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.cli.doctor import Finding, State
from multigen_core.errors import MultigenError
from multigen_core.types import NANOSECONDS
from multigen_robot.doctor.chirp import CLEAR, DURATION, find_chirp, make_chirp
from multigen_robot.microphone.device import Device
from multigen_robot.microphone.source import Block, MicrophoneConfig, MicrophoneError

CHIRPS = 6
PERIOD = 0.9
"""Time between chirps [s]; no delay is longer."""
_JITTER = 0.07
"""Each chirp is this much later [s] than a period after the last, against periodic noise."""
_AGREES = 0.005
"""Errors of stamps up to this [s] do not matter: sound moves 1.7 m in it."""
_SPEED = 343.0


class Speaker:
    """Plays chirps and notes when their first samples leave the converter [steady s].

    Raises:
        MicrophoneError: there is no such output.
    """

    def __init__(self, device: str) -> None:
        import sounddevice  # Fails without PortAudio, which `Device` reports in words.

        wanted: int | str | None = int(device) if device.isdigit() else device or None
        self.emitted: list[float] = []
        try:
            info = sounddevice.query_devices(wanted, "output")
            self.rate = int(info["default_samplerate"])
            self._chirp = make_chirp(self.rate)
            self._due = [
                round((PERIOD / 2 + index * (PERIOD + _JITTER)) * self.rate)
                for index in range(CHIRPS)
            ]
            self._position = 0
            self.done = threading.Event()
            self._stream = sounddevice.OutputStream(
                device=wanted,
                samplerate=self.rate,
                channels=1,
                dtype="float32",
                latency="low",
                callback=self._fill,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise MicrophoneError(f"speaker {device or 'default'}: {error.args[0]}") from error
        self._stream.start()

    def _fill(self, out: NDArray[np.float32], frames: int, times: Any, status: Any) -> None:
        ahead = times.outputBufferDacTime - times.currentTime
        begins = time.monotonic() + (ahead if 0.0 <= ahead < 1.0 else 0.0)
        out[:] = 0.0
        for due in self._due:
            first = max(due, self._position)
            last = min(due + len(self._chirp), self._position + frames)
            if first < last:
                at = first - self._position
                out[at : at + last - first, 0] = 0.5 * self._chirp[first - due : last - due]
            if self._position <= due < self._position + frames:
                self.emitted.append(begins + (due - self._position) / self.rate)
        self._position += frames
        if self._position > self._due[-1] + PERIOD * self.rate:
            self.done.set()

    def close(self) -> None:
        """Stop playing."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


@dataclass(frozen=True, slots=True)
class SoundLatency:
    """Delays [s]; `capture` from sound at the microphone to callback, `reported` by the device.

    `spread` is the standard deviation over the `heard` chirps.
    """

    capture: float
    reported: float
    spread: float
    heard: int


def estimate(blocks: list[Block], rate: int, emitted: list[float], distance: float) -> SoundLatency:
    """The latency from blocks of sound on the steady clock and the times of chirps [s].

    `distance` [m] from loudspeaker to microphone.
    """
    sizes = np.array([len(block.samples) for block in blocks])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) / rate
    latest = np.array([b.stamp if b.latest is None else b.latest for b in blocks]) / NANOSECONDS
    stamps = np.array([block.stamp for block in blocks]) / NANOSECONDS
    # Callbacks are called at irregular moments; samples are taken at regular ones.
    begin = float(np.median(latest - starts))
    sound = np.concatenate([block.samples.mean(axis=1) for block in blocks])
    delays = []
    for moment in emitted:
        first = max(0, round((moment - begin) * rate))
        part = sound[first : first + round((PERIOD + DURATION) * rate)]
        heard = find_chirp(part, rate)
        if heard.clarity > CLEAR:
            delays.append(begin + first / rate + heard.start - moment - distance / _SPEED)
    nan = float("nan")
    return SoundLatency(
        float(np.median(delays)) if delays else nan,
        float(np.median(latest - stamps)),
        float(np.std(delays)) if delays else nan,
        len(delays),
    )


def measure_sound_latency(microphone: str, speaker: str, distance: float) -> Iterator[Finding]:
    """Play chirps, record them and compare."""
    subject = "sound latency"
    try:
        latency = _record(microphone, speaker, distance)
    except MultigenError as error:
        yield Finding(subject, State.BROKEN, str(error), "multigen doctor lists microphones")
        return
    if latency.heard < CHIRPS // 2:
        yield Finding(
            subject,
            State.BROKEN,
            f"{latency.heard} of {CHIRPS} chirps heard",
            "turn the loudspeaker up, unmute it, and hold it near the microphone",
        )
        return
    deviation = latency.capture - latency.reported
    good = abs(deviation) <= _AGREES
    capture = max(latency.capture, 0.001)
    yield Finding(
        subject,
        State.FINE if good else State.NOTE,
        f"{1e3 * latency.capture:.1f} ± {1e3 * latency.spread:.1f} ms from sound to callback "
        f"({latency.heard} chirps); the device reports {1e3 * latency.reported:.1f} ms",
        "" if good else f"set the microphone's capture_latency: {capture:.4f}",
        {
            "capture_latency": capture,
            "reported_latency": latency.reported,
            "stamp_error": deviation,
            "spread": latency.spread,
            "chirps_heard": latency.heard,
        },
    )


def _record(microphone: str, speaker: str, distance: float) -> SoundLatency:
    device = Device(MicrophoneConfig(microphone), time.monotonic_ns)
    blocks: list[Block] = []
    try:
        blocks.append(device.read())
        player = Speaker(speaker)
        try:
            while not player.done.is_set():
                blocks.append(device.read())
        finally:
            player.close()
    finally:
        device.close()
    return estimate(blocks, device.rate, player.emitted, distance)
