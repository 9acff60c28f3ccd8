"""Finds and measures microphones."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from multigen_core.cli.doctor import Finding, State
from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.types import AudioChunk
from multigen_robot.doctor.sampling import Sampling, sample
from multigen_robot.microphone.device import describe_inputs
from multigen_robot.microphone.source import MicrophoneConfig
from multigen_robot.microphone.stream import MicrophoneStream

_FRAME = round(0.05 * SAMPLE_RATE)
_NOISY = -45.0
"""A noise floor above this [dBFS] hides a quiet pour."""
_FAINT = -80.0
"""A noise floor below this [dBFS] means that the gain is too low or the input is the wrong one."""
_OFFSET = 0.02


def find_microphones() -> Finding:
    """Input devices with their channels and rates."""
    try:
        inputs = describe_inputs()
    except MultigenError as error:
        return Finding("microphones", State.NOTE, str(error))
    if not inputs:
        return Finding(
            "microphones", State.NOTE, "none", "plug one in, or use microphone_device:=FILE"
        )
    return Finding("microphones", State.FINE, "; ".join(inputs))


def decibels(amplitude: float) -> float:
    """Level of an amplitude relative to full scale [dBFS]; -120 for silence."""
    return float(20 * np.log10(max(amplitude, 1e-6)))


def noise_floor(samples: NDArray[np.float32]) -> float:
    """RMS level [dBFS] of the quietest tenth of `samples` (N,), in frames of 50 ms."""
    count = max(1, len(samples) // _FRAME)
    powers = [float(part.var()) for part in np.array_split(samples.astype(float), count)]
    return decibels(float(np.sqrt(np.quantile(powers, 0.1))))


def measure_microphone(device: str, seconds: float) -> Iterator[Finding]:
    """Level, noise floor, clipping and continuity of a microphone's sound."""
    subject = f"microphone {device or 'default'}"
    try:
        sampling: Sampling[AudioChunk] = sample(
            lambda deliver, report: MicrophoneStream(
                MicrophoneConfig(device), time.monotonic_ns, deliver, report
            ),
            seconds,
        )
    except MultigenError as error:
        yield Finding(subject, State.BROKEN, str(error), "multigen doctor lists microphones")
        return
    status = sampling.status
    if not sampling.items:
        reason = "; ".join(sampling.complaints) or "no sound arrives"
        yield Finding(subject, State.BROKEN, reason, "check the cable; is it muted or in use?")
        return
    samples = np.concatenate([chunk.samples for chunk in sampling.items])
    peak, level = float(np.abs(samples).max()), float(np.sqrt((samples.astype(float) ** 2).mean()))
    floor, offset = noise_floor(samples), float(samples.mean())
    values: dict[str, float | str] = {
        "name": status.name,
        "rate": status.rate,
        "level_dbfs": decibels(level),
        "peak_dbfs": decibels(peak),
        "noise_floor_dbfs": floor,
        "offset": offset,
        "clipped_samples": status.clipped,
        "gaps": status.gaps,
        "overflows": status.overflows,
        "delivery_delay": status.lag,
    }
    detail = (
        f"{status.rate} Hz, level {values['level_dbfs']:.0f}, peak {values['peak_dbfs']:.0f}, "
        f"noise floor {floor:.0f} dBFS, {status.clipped} samples clipped, {status.gaps} gaps"
    )
    fault = status.error or status.warning
    remedy = _advice(status.clipped, status.gaps + status.overflows, floor, offset)
    yield Finding(
        subject,
        State.BROKEN if peak < 1e-5 else State.NOTE if fault or remedy else State.FINE,
        f"{detail}; {fault}" if fault else detail,
        remedy,
        values,
    )


def _advice(clipped: int, lost: int, floor: float, offset: float) -> str:
    if clipped:
        return "turn the gain down until a hard pour peaks near -6 dBFS"
    if lost:
        return "sound was lost: close other programs, and use a USB port of its own"
    if floor < _FAINT:
        return "barely any signal: unmute it, turn the gain up, or choose another input"
    if floor > _NOISY:
        return "noisy: turn off fans, move it closer to the target and away from the arm"
    if abs(offset) > _OFFSET:
        return "its zero is off: the input may be a line input, or the cable damaged"
    return ""
