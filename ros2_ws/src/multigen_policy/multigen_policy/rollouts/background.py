"""Background noise of a given level, recorded or pink."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.streams.sound_file import read_sound_file
from multigen_core.world.recordings import SUFFIXES

Floats = NDArray[np.float32]

IMPULSES = "impulse_responses"
"""Folder beside the noises that holds none."""
_LENGTH = 20.0
"""Of pink noise and the longest part of a recording [s]; both repeat."""
_FRAME = 0.1
"""Length of sound whose level counts at once [s]."""
_SILENCE = 1e-9


def power(samples: NDArray[np.floating]) -> float:
    """Mean square of samples (N,)."""
    return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0


def loud_power(samples: Floats, rate: int = SAMPLE_RATE) -> float:
    """Mean square of the louder half of the sound (N,), in steps of 0.1 s."""
    length = round(_FRAME * rate)
    count = len(samples) // length
    frames = samples[: count * length].reshape(count, length).astype(np.float64)
    powers = np.sort(np.mean(frames**2, axis=1))
    return float(powers[count // 2 :].mean()) if count else 0.0


class Background:
    """An endless stream of noise."""

    def __init__(self, samples: Floats, mean_square: float, start: int = 0) -> None:
        """`samples` (N,) at any level, repeated from `start` on, scaled to `mean_square`."""
        self._samples = (samples * np.sqrt(mean_square / power(samples))).astype(np.float32)
        self._at = start % len(samples)

    @classmethod
    def drawn(cls, folder: str, seed: int, mean_square: float) -> Background:
        """A recording drawn from a folder, or pink noise if it is ''.

        Raises:
            MultigenError: the folder has no sound files, or one cannot be read or is silent.
        """
        rng = np.random.default_rng([seed, 43])
        samples = pink(rng) if not folder else recorded(Path(folder), rng)
        return cls(samples, mean_square, int(rng.integers(len(samples))))

    def take(self, count: int) -> Floats:
        """The next `count` samples."""
        places = (self._at + np.arange(count)) % len(self._samples)
        self._at = (self._at + count) % len(self._samples)
        return self._samples[places]


def pink(rng: np.random.Generator) -> Floats:
    """Noise (N,) whose power falls by 3 dB per octave from 20 Hz on."""
    count = round(_LENGTH * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum[frequency < 20.0] = 0.0
    spectrum[1:] /= np.sqrt(frequency[1:])
    return np.fft.irfft(spectrum, count).astype(np.float32)


def sound_files(folder: Path) -> list[Path]:
    """The noises in a folder and those below it.

    Raises:
        MultigenError: there are none.
    """
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and IMPULSES not in path.parts
    )
    if not files:
        raise MultigenError(f"{folder}: no sound files; --noise takes a folder of FLAC or WAV")
    return files


def read_noise(path: Path) -> Floats:
    """The first 20 s of a sound file, as mono (N,) at SAMPLE_RATE.

    Raises:
        SoundFileError: it cannot be read.
    """
    sound, rate = read_sound_file(path)
    mono = sound[: round(_LENGTH * rate)].mean(axis=1)
    return np.asarray(soxr.resample(mono, rate, SAMPLE_RATE), np.float32)


def recorded(folder: Path, rng: np.random.Generator) -> Floats:
    """A sound file drawn from a folder, as mono (N,) at SAMPLE_RATE.

    Raises:
        MultigenError: there is none, or it cannot be read or is silent.
    """
    files = sound_files(folder)
    path = files[int(rng.integers(len(files)))]
    samples = read_noise(path)
    if power(samples) < _SILENCE:
        raise MultigenError(f"{path}: silent, so it gives no noise of any level")
    return samples
