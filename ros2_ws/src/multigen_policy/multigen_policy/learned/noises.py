"""Noise to learn in: recorded backgrounds if there are any, and synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from multigen_policy.listening.spectrum import FREQUENCIES, PERIOD, SpectrumStream
from multigen_policy.rollouts.background import read_noise, sound_files

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Noises:
    """Spectra (N, B) [dB] of recorded backgrounds, of level 0 dB each."""

    recorded: Sequence[NDArray[np.float16]] = ()

    @classmethod
    def read(cls, folder: Path | None) -> Noises:
        """Every sound file in a folder and those below it; none without a folder."""
        if folder is None or not folder.is_dir():
            return cls()
        found = []
        for file in sound_files(folder):
            spectra = SpectrumStream().push(read_noise(file))
            if len(spectra) > 10:
                found.append((spectra - level(spectra)).astype(np.float16))
        return cls(found)

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Spectra (count, B) [dB] of a background at a level of about 0 dB."""
        if self.recorded and rng.random() < 0.6:
            chosen = self.recorded[int(rng.integers(len(self.recorded)))]
            at = (int(rng.integers(len(chosen))) + np.arange(count)) % len(chosen)
            return np.asarray(chosen[at], np.float32)
        octaves = np.log2(FREQUENCIES / 1000.0)
        colour = rng.uniform(-6.0, 3.0) * octaves
        # A bin of noise is exponentially distributed around its mean.
        power = rng.exponential(size=(count, len(octaves))) + 0.05
        swell = 6.0 * np.sin(2 * np.pi * rng.uniform(0.05, 2.0) * PERIOD * np.arange(count))
        found = colour + 10 * np.log10(power) + rng.uniform(0, 1) * swell[:, None]
        return np.asarray(found - level(found), np.float32)


def level(spectra: NDArray[np.floating]) -> float:
    """Level [dB] that the louder half of spectra (N, B) has on average."""
    each = 10 * np.log10(np.mean(10 ** (np.asarray(spectra, np.float64) / 10), axis=1) + 1e-12)
    return float(np.mean(np.sort(each)[len(each) // 2 :]))


def add(first: Floats, second: Floats) -> Floats:
    """Spectra [dB] of the sum of two independent sounds."""
    return np.logaddexp(first * _NEPER, second * _NEPER) / _NEPER


_NEPER = np.float32(np.log(10) / 10)


def disturbed(spectra: Floats, noises: Noises, rng: np.random.Generator) -> Floats:
    """Spectra (N, B) [dB] as another microphone in another, noisier room hears them."""
    loud = level(spectra)
    if rng.random() < 0.3:
        decay = float(np.exp(-PERIOD / rng.uniform(0.02, 0.12)))
        share = rng.uniform(0.02, 0.3)
        power = 10 ** (spectra / 10)
        tail = lfilter([1 - decay], [1, -decay], power, axis=0)
        spectra = (10 * np.log10((1 - share) * power + share * tail + 1e-12)).astype(np.float32)
    if rng.random() < 0.75:
        snr = rng.uniform(-5.0, 30.0)
        spectra = add(spectra, noises.draw(len(spectra), rng) + np.float32(loud - snr))
    if rng.random() < 0.2:
        hum = rng.choice([50.0, 60.0]) * np.arange(1, 12)
        lines = np.full(spectra.shape[1], -200.0, np.float32)
        for frequency in hum[hum > FREQUENCIES[0]]:
            lines[np.abs(FREQUENCIES / frequency - 1) < 0.02] = loud - rng.uniform(0, 30)
        spectra = add(spectra, np.broadcast_to(lines, spectra.shape))
    position = np.linspace(0, 1, spectra.shape[1], dtype=np.float32)
    for _ in range(3):
        wave = rng.uniform(0.5, 4.0) * position + rng.uniform()
        spectra = spectra + np.float32(rng.normal(0, 2.0)) * np.cos(2 * np.pi * wave)
    spectra = spectra + np.float32(rng.uniform(-25.0, 12.0))
    floor = np.float32(rng.uniform(-125.0, -85.0))
    return np.maximum(spectra, floor + rng.normal(0, 1.5, spectra.shape).astype(np.float32))
