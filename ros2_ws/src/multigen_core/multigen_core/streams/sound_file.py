"""Reading a sound file of whatever kind, as far as it goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from multigen_core.errors import MultigenError

RATES = (1_000, 768_000)
"""The least and the highest sample rate that sound is taken for sound at [Hz]."""
_BLOCK = 65_536


class SoundFileError(MultigenError):
    """A file is no sound that can be read."""


def read_sound_file(path: Path) -> tuple[NDArray[np.float32], int]:
    """Samples (N, channels), full scale being 1, and their rate [Hz].

    Raises:
        SoundFileError: no such file, or it is no sound that can be read.
    """
    if not path.is_file():
        raise SoundFileError(f"{path}: no such file")
    blocks = []
    try:
        # In blocks, since a damaged file may claim any length.
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                blocks.append(block)
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise SoundFileError(
            f"{path}: not a sound file that can be read ({error}); convert it to FLAC or WAV"
        ) from error
    if not RATES[0] <= rate <= RATES[1]:
        raise SoundFileError(
            f"{path}: a sample rate of {rate} Hz, not {RATES[0]} to {RATES[1]} Hz; convert it"
        )
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    if not np.isfinite(samples).all():
        raise SoundFileError(f"{path}: holds samples that are not numbers")
    return samples, rate
