"""Training loop of the voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from scipy.optimize import nnls
from torch import Tensor

from multigen_audio.flow.conditions import COLUMNS
from multigen_audio.flow.features import FEATURES, features
from multigen_audio.flow.networks.voice import PLACES, Voice, VoiceConfig
from multigen_audio.flow.training.examples import (
    Example,
    recorded_examples,
    scripted_examples,
    synthesised_examples,
)
from multigen_audio.flow.training.simulated import simulated_pours
from multigen_audio.flow.wandering import KEEPS, Wandering
from multigen_audio.flow.weights import VOICE
from multigen_core.learning import mel
from multigen_core.learning.export import export
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Autocast, Training, begin_from, validated
from multigen_core.learning.settings import Settings

STEPS = 5000
POURS = 120
"""Simulated pours to learn from, besides the recordings and SCRIPTED ones."""
SCRIPTED = 160
_FIRST_SEED = 100_000
_CROP = 200
"""Hops in each example of a batch."""
_REAL, _PHYSICAL = 10, 6
"""Examples of either kind in a batch."""
_TAKEN = 0.75
"""Share of examples at the places of the flow that speaking takes; the others are anywhere."""
_JITTER = {"air_column": 0.05, "mouth_radius": 0.10, "capacity": 0.10, "flow": 0.15}
"""Relative errors put on what recordings tell only roughly, and on what would name the vessel."""


@dataclass(frozen=True, eq=False)
class VoiceExample:
    """An example as its log-mel spectra (T, BANDS) beside its conditions."""

    example: Example
    spectra: np.ndarray

    @classmethod
    def of(cls, example: Example) -> VoiceExample:
        return cls(example, mel.log_mel(example.sound))


def train(settings: Settings, group: Group) -> None:
    """Train the voice, from scratch or from weights, and write its two files.

    Raises:
        MultigenError: data or simulator are missing, or the training fails.
    """
    real = [VoiceExample.of(example) for example in recorded_examples(settings.data, group.tell)]
    kept = [
        VoiceExample.of(example)
        for example in recorded_examples(settings.data, group.tell, held_out=True)
    ]
    seeds = range(_FIRST_SEED, _FIRST_SEED + POURS)
    simulated = synthesised_examples(simulated_pours(settings, group, seeds))
    scripted = scripted_examples(range(_FIRST_SEED, _FIRST_SEED + SCRIPTED))
    physical = [VoiceExample.of(example) for example in simulated + scripted]
    group.tell(f"{len(simulated)} simulated and {len(scripted)} scripted pours")
    torch.manual_seed(settings.seed)
    voice = Voice(VoiceConfig())
    if settings.start:
        begin_from(voice, settings.start, "voice", VOICE)
    else:
        _normalise(voice, [real, physical])
    voice.to(group.device)
    training = Training(voice, "voice", settings, group, STEPS, rate=1.5e-3)
    drawn_real, drawn_physical = group.share(_REAL), group.share(_PHYSICAL)
    for step, rng in training:
        batch = [_crop(real, rng) for _ in range(drawn_real)]
        batch += [_crop(physical, rng) for _ in range(drawn_physical)]
        found = _loss(voice, batch, rng, training.autocast)
        figures = {"loss": float(found.detach().mean())}
        figures["real"] = float(found.detach()[:drawn_real].mean())
        if kept and (step + 1) % 250 == 0:
            figures["held out"] = validated(
                lambda rng: _loss(
                    voice, [_crop(kept, rng) for _ in range(_REAL)], rng, training.autocast
                )
            )
        training.learn(found.mean(), figures)
    training.finish()
    if group.first:
        save(voice, settings.out)


def save(voice: Voice, out: Path) -> None:
    """Write the voice's two files."""
    config = voice.config
    length = 10
    export(
        voice,
        out,
        "voice",
        VOICE,
        asdict(config),
        {
            "features": torch.zeros(1, length, FEATURES),
            "noise": torch.zeros(1, length, len(KEEPS), mel.BANDS),
            "state_memory": voice.cpu().memory().repeat(len(PLACES), 1, 1, 1, 1),
        },
        ["spectra", "next_memory"],
        {"features": [1], "noise": [1], "spectra": [1]},
    )


def _normalise(voice: Voice, kinds: Sequence[Sequence[VoiceExample]]) -> None:
    """Each band to mean 0 and deviation 1, both kinds of example counting equally.

    The noise gets the covariance of the first kind's spectra.
    """
    means, squares = [], []
    for kind in kinds:
        spectra = np.concatenate([heard.spectra[heard.example.use] for heard in kind])
        means.append(spectra.mean(axis=0))
        squares.append((spectra**2).mean(axis=0))
    mean = np.mean(means, axis=0)
    voice.mean.copy_(torch.from_numpy(mean))
    deviation = np.sqrt(np.mean(squares, axis=0) - mean**2)
    voice.deviation.copy_(torch.from_numpy(deviation))
    shares, spread = _covariance(kinds[0], mean, deviation)
    voice.shares.copy_(torch.from_numpy(shares))
    voice.spread.copy_(torch.from_numpy(spread))


def _covariance(
    kind: Sequence[VoiceExample], mean: np.ndarray, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What of each of KEEPS is in each principal component, (K, BANDS), and those, (BANDS, BANDS).

    The components' autocorrelations are fitted by sums of the processes'.
    """
    runs = [(heard.spectra - mean) / deviation for heard in kind]
    used = [heard.example.use for heard in kind]
    together = np.concatenate([run[use] for run, use in zip(runs, used, strict=True)])
    size, axes = np.linalg.eigh(np.cov(together.T))
    spread = axes * np.sqrt(np.maximum(size, 1e-6))
    runs = [(run - together.mean(0)) @ (axes / np.sqrt(np.maximum(size, 1e-6))) for run in runs]
    lags = np.array([0, 1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 150])
    found = []
    for lag in lags:
        pairs = [
            (run[: len(run) - lag] * run[lag:])[use[: len(use) - lag] & use[lag:]]
            for run, use in zip(runs, used, strict=True)
            if len(run) > lag
        ]
        found.append(np.concatenate(pairs).mean(axis=0))
    processes = np.array(KEEPS)[None] ** lags[:, None]
    shares = np.stack([nnls(processes, series)[0] for series in np.array(found).T], axis=1)
    shares = np.sqrt(shares / np.maximum(shares.sum(axis=0), 1e-6))
    return shares.astype(np.float32), spread.T.astype(np.float32)


def _crop(
    kind: Sequence[VoiceExample], rng: Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, spectra and use of a random passage in which something is used."""
    while True:
        heard = kind[int(rng.integers(len(kind)))]
        begin = int(rng.integers(-_CROP // 4, max(len(heard.spectra) - _CROP // 2, 1)))
        begin = max(begin, 0)
        part = slice(begin, begin + _CROP)
        use = heard.example.use[part]
        if use.mean() > 0.2:
            break
    now = heard.example.conditions
    values = now.values[part].copy()
    if heard.example.real:
        for name, error in _JITTER.items():
            values[:, COLUMNS.index(name)] *= np.exp(error * rng.standard_normal())
    told = features(replace(now, values=values), heard.example.real)
    lacking = _CROP - len(use)
    pad = ((0, lacking), (0, 0))
    return (
        np.pad(told, pad, mode="edge"),
        np.pad(heard.spectra[part], pad),
        np.pad(use, (0, lacking)),
    )


def _loss(
    voice: Voice,
    batch: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    rng: Generator,
    autocast: Autocast,
) -> Tensor:
    """Mean square error of the velocity, (B,), at random places of the flow.

    Principal components of the noise count by the inverse of their deviation.
    """
    device = voice.mean.device
    told, spectra, use = (
        torch.from_numpy(np.stack(part)).to(device) for part in zip(*batch, strict=True)
    )
    drawn = [Wandering(rng).next(_CROP) for _ in batch]
    wandering = torch.from_numpy(np.stack(drawn))
    goal = (spectra - voice.mean) / voice.deviation
    noise = voice.mixed(wandering.to(device))
    place = torch.rand(len(goal), device=device)
    taken = torch.tensor(PLACES, device=device)[torch.randint(len(PLACES), place.shape)]
    place = torch.where(torch.rand(place.shape, device=device) < _TAKEN, taken, place)
    at = place[:, None, None]
    with autocast():
        velocity, _ = voice.velocity(
            noise + at * (goal - noise), place, voice.told(told), voice.memory(len(goal))
        )
    # All bands swell together: unweighted, that would drown what tells one pitch from another.
    weights = voice.spread / torch.linalg.vector_norm(voice.spread, dim=1, keepdim=True) ** 1.5
    error = (((velocity.float() - (goal - noise)) @ weights.T) ** 2).mean(-1)
    return (error * use).sum(1) / use.sum(1).clamp(min=1)
