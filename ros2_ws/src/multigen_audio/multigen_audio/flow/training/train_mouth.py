"""Training loop of the mouth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from multigen_audio.flow.networks.mouth import BINS, Mouth, MouthConfig
from multigen_audio.flow.training.examples import (
    Example,
    recorded_examples,
    synthesised_examples,
)
from multigen_audio.flow.training.simulated import simulated_pours
from multigen_audio.flow.weights import MOUTH
from multigen_core.learning import mel
from multigen_core.learning.export import export
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Autocast, Training, begin_from, validated
from multigen_core.learning.settings import Settings

STEPS = 3000
POURS = 100
_FIRST_SEED = 100_000
_CROP = 80
"""Hops in each example of a batch."""
_REAL, _PHYSICAL = 9, 3
"""Examples of either kind in a batch."""
_WARM = 8
"""Hops at a crop's beginning that only fill the memory."""
_SCALES = (128, 256, 512, 1024, 2048)
"""Window lengths of the spectra that are compared."""
_QUIET = 1e-3

Passage = tuple[np.ndarray, np.ndarray]


def train(settings: Settings, group: Group) -> None:
    """Train the mouth, from scratch or from weights, and write its two files.

    Raises:
        MultigenError: data or simulator are missing, or the training fails.
    """
    real = _heard(recorded_examples(settings.data, group.tell))
    kept = _heard(recorded_examples(settings.data, group.tell, held_out=True))
    seeds = range(_FIRST_SEED, _FIRST_SEED + POURS)
    physical = _heard(synthesised_examples(simulated_pours(settings, group, seeds)))
    group.tell(f"{len(physical)} simulated pours")
    torch.manual_seed(settings.seed)
    mouth = Mouth(MouthConfig())
    if settings.start:
        begin_from(mouth, settings.start, "mouth", MOUTH)
    mouth.to(group.device)
    training = Training(mouth, "mouth", settings, group, STEPS, rate=8e-4)
    drawn_real, drawn_physical = group.share(_REAL), group.share(_PHYSICAL)
    for step, rng in training:
        batch = [_crop(real, rng) for _ in range(drawn_real)]
        batch += [_crop(physical, rng) for _ in range(drawn_physical)]
        loss = _loss(mouth, batch, training.autocast)
        figures = {"loss": float(loss.detach())}
        if kept and (step + 1) % 250 == 0:
            figures["held out"] = validated(
                lambda rng: _loss(
                    mouth, [_crop(kept, rng) for _ in range(_REAL)], training.autocast
                )
            )
        training.learn(loss, figures)
    training.finish()
    if group.first:
        save(mouth, settings.out)


def save(mouth: Mouth, out: Path) -> None:
    """Write the mouth's two files."""
    export(
        mouth,
        out,
        "mouth",
        MOUTH,
        asdict(mouth.config),
        {
            "spectra": torch.zeros(1, 10, mel.BANDS),
            "noise": torch.zeros(1, 10, 2 * BINS),
            "state_memory": mouth.cpu().memory(),
        },
        ["sound", "next_memory"],
        {"spectra": [1], "noise": [1], "sound": [1]},
    )


def _heard(examples: Sequence[Example]) -> list[Passage]:
    """Log-mel spectra and sound of each that is long enough."""
    pairs = [(mel.log_mel(e.sound), e.sound) for e in examples]
    return [pair for pair in pairs if len(pair[0]) > _CROP]


def _crop(kind: Sequence[Passage], rng: Generator) -> Passage:
    """A random passage, up to 6 dB softer or louder."""
    spectra, sound = kind[int(rng.integers(len(kind)))]
    begin = int(rng.integers(len(spectra) - _CROP))
    end = begin + _CROP
    gain = float(np.exp(rng.uniform(-0.7, 0.7)))
    shifted = np.maximum(spectra[begin:end] + np.log(gain), np.log(mel.FLOOR))
    return shifted.astype(np.float32), sound[begin * mel.HOP : end * mel.HOP] * np.float32(gain)


@cache
def _window(length: int, device: str) -> Tensor:
    window = torch.hann_window(length, device=device)
    return window / torch.sqrt(torch.sum(window**2))


def speak(mouth: Mouth, spectra: Tensor, autocast: Autocast) -> Tensor:
    """Sound (B, T HOP) of spectra (B, T, BANDS) and fresh noise."""
    batch, hops, _ = spectra.shape
    window = _window(mel.WINDOW, str(spectra.device))
    noise = torch.randn(batch, hops * mel.HOP + 2 * mel.LEAD, device=spectra.device)
    parts = torch.fft.rfft(noise.unfold(1, mel.WINDOW, mel.HOP) * window)
    with autocast():
        sound, _ = mouth(spectra, torch.cat([parts.real, parts.imag], -1), mouth.memory(batch))
    real, imaginary = sound.float().chunk(2, -1)
    frames = torch.fft.irfft(torch.complex(real, imaginary), mel.WINDOW) * window
    shape = {"kernel_size": (1, mel.WINDOW), "stride": (1, mel.HOP)}
    size = (1, noise.shape[1])
    weight = (window**2).expand(1, hops, -1).transpose(1, 2)
    total = torch.nn.functional.fold(frames.transpose(1, 2), size, **shape)[:, 0, 0]
    weight = torch.nn.functional.fold(weight, size, **shape)[:, 0, 0]
    return (total / weight.clamp(min=1e-3))[:, mel.LEAD : -mel.LEAD]


def _loss(mouth: Mouth, batch: Sequence[Passage], autocast: Autocast) -> Tensor:
    """Energy distance between what is and what could be spoken (Gritsenko et al. 2020).

    Two ways of speaking are drawn towards the truth and away from one another, so that what is
    random in the truth is as random in them.
    """
    device = mouth.spread.device
    spectra, truth = (
        torch.from_numpy(np.stack(part)).to(device) for part in zip(*batch, strict=True)
    )
    both = speak(mouth, torch.cat([spectra, spectra]), autocast)
    inner = slice(_WARM * mel.HOP, -2 * mel.HOP)
    true, one, other = (sound[:, inner] for sound in (truth, *both.chunk(2)))
    total = torch.zeros((), device=device)
    for length in _SCALES:
        x, y, z = (_spectrogram(sound, length) for sound in (true, one, other))
        total = total + _distance(x, y) + _distance(x, z) - _distance(y, z)
    return total / len(_SCALES)


def _spectrogram(sound: Tensor, length: int) -> Tensor:
    """Magnitudes (B, T, F)."""
    frames = sound.unfold(1, length, length // 4)
    spectrum = torch.fft.rfft(frames * _window(length, str(sound.device)))
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + _QUIET**2)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Of magnitudes, bin by bin, and of their logarithms, frame by frame."""
    magnitudes = (a - b).abs().mean()
    logarithms = torch.sqrt(((a.log() - b.log()) ** 2).mean(-1) + 1e-6).mean()
    return magnitudes + logarithms
