"""Sound files as the listener wants them, or why they cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.streams.sound_file import SoundFileError, read_sound_file

SHORTEST = 0.5
"""Least length of a recording that can be listened to [s]."""
SILENT = 1e-5
"""Peak below which a recording is silent, -100 dB re full scale."""
CLIPPED = 0.001
"""Share of samples at full scale from which a recording is reported as clipped."""


class RecordingError(MultigenError):
    """A recording that cannot be listened to."""


@dataclass(frozen=True, eq=False)
class Sound:
    """Mono samples (N,) at SAMPLE_RATE, and what was found or done on the way."""

    samples: NDArray[np.float32]
    notes: tuple[str, ...] = field(default=())

    @property
    def duration(self) -> float:
        """Length [s]."""
        return len(self.samples) / SAMPLE_RATE


def load_sound(path: Path) -> Sound:
    """Read a sound file; channels are mixed, other rates resampled, clipping is noted.

    Raises:
        RecordingError: no file, no sound in it, too short or silent.
    """
    try:
        samples, rate = read_sound_file(path)
    except SoundFileError as error:
        raise RecordingError(str(error)) from error
    return prepare(samples, rate, str(path))


def prepare(samples: NDArray[np.float32], rate: int, name: str) -> Sound:
    """`samples` (N, channels) at `rate` [Hz] as the listener wants them.

    Raises:
        RecordingError: too short, silent, or not finite; names `name`.
    """
    notes = []
    if len(samples) < SHORTEST * rate:
        raise RecordingError(
            f"{name}: {len(samples) / rate:.2f} s is too short; at least {SHORTEST} s are needed"
        )
    if not np.isfinite(samples).all():
        raise RecordingError(f"{name}: holds samples that are not numbers")
    if samples.shape[1] > 1:
        notes.append(f"{samples.shape[1]} channels mixed to one")
    mono = samples.mean(axis=1)
    swing = float(np.abs(samples - samples.mean(axis=0)).max())
    if swing < SILENT:
        raise RecordingError(f"{name}: silent, the peak is {swing:.1e} of full scale")
    if float(np.abs(mono - mono.mean()).max()) < 0.01 * swing:
        raise RecordingError(f"{name}: its channels cancel when mixed; keep one of them")
    peak = float(np.abs(samples).max())
    share = float((np.abs(samples) >= 0.999 * max(peak, 0.9)).mean())
    if peak > 0.9 and share > CLIPPED:
        notes.append(f"clipped: {share:.1%} of the samples are at full scale")
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
        notes.append(f"resampled from {rate} Hz to {SAMPLE_RATE} Hz")
    return Sound(np.asarray(mono, np.float32), tuple(notes))
