"""Reads sound files of any format that libsndfile knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from multigen_core.errors import MultigenError

RATES = (1_000, 768_000)
"""Lowest and highest plausible sample rate [Hz]."""
_BLOCK = 65_536


class SoundFileError(MultigenError):
    """A file is not a readable sound file."""


def read_sound_file(path: Path) -> tuple[NDArray[np.float32], int]:
    """Samples (N, channels), full scale 1, and their rate [Hz].

    Raises:
        SoundFileError: no such file, or it is not a readable sound file.
    """
    if not path.is_file():
        raise SoundFileError(f"{path}: no such file")
    blocks = []
    try:
        # In blocks, because a damaged file may claim any length.
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                blocks.append(block)
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise SoundFileError(
            f"{path}: not a readable sound file ({error}); convert it to FLAC or WAV"
        ) from error
    if not RATES[0] <= rate <= RATES[1]:
        raise SoundFileError(
            f"{path}: sample rate {rate} Hz is not within {RATES[0]} to {RATES[1]} Hz; resample it"
        )
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    if not np.isfinite(samples).all():
        raise SoundFileError(f"{path}: contains NaN or infinite samples")
    return samples, rate
