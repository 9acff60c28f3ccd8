"""Trains the embedding that `multigen evaluate-audio` compares real and generated sound in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from multigen_audio.quality.embedding import CHANNELS, DIMENSIONS, KIND, pooled_size
from multigen_audio.quality.windows import windows
from multigen_audio.recorded.clips import Clip, load, prepare
from multigen_audio.recorded.splits import split
from multigen_audio.recorded.tracker import HOP
from multigen_core.contract import SAMPLE_RATE
from multigen_core.files import write_atomic
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training
from multigen_core.learning.mel import BANDS
from multigen_core.learning.settings import Settings
from multigen_core.world.recordings import Recording, read_recordings

STEPS = 1200
_BATCH = 64
_RATE = 2e-3
_FILLS = 5
_LOWEST, _STEP, _PITCHES = 150.0, 200.0, 27
"""Pitch classes: from [Hz], width [cents], number."""
_UNKNOWN = -1
_KEPT = 6
"""Every such clip of a container is kept for validation."""


class EmbeddingNetwork(nn.Module):
    """`quality.embedding.Embedding` with heads that tell fill and resonance.

    It is not asked which vessel it hears: else every vessel not trained on would be far from every
    other, and the distance of real sound from real sound tell little.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(CHANNELS)
        )
        self.project = nn.Linear(pooled_size(), DIMENSIONS)
        self.fill = nn.Linear(DIMENSIONS, _FILLS)
        self.pitch = nn.Linear(DIMENSIONS, _PITCHES)

    def embed(self, pictures: Tensor) -> Tensor:
        """Embeddings (W, DIMENSIONS) of pictures (W, FRAMES, BANDS)."""
        value = pictures[:, None]
        for convolution in self.convolutions:
            value = functional.relu(convolution(value))
        deviation = value.var(dim=2, unbiased=False).add(1e-8).sqrt()
        pooled = torch.cat([value.mean(dim=2), deviation], dim=1)
        return self.project(pooled.flatten(1))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the fifth of the fill (W, _FILLS) and of the pitch class (W, _PITCHES)."""
        hidden = functional.relu(self.embed(pictures))
        return self.fill(hidden), self.pitch(hidden)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Windows, how likely each is to be drawn, the fifth of the clip and the pitch class, (W, …).

    The pitch class is _UNKNOWN where the resonance is not trusted.
    """

    pictures: Tensor
    chance: NDArray[np.float64]
    fill: Tensor
    pitch: Tensor


def labelled(recordings: Sequence[Recording]) -> Labelled:
    """The windows of recordings; the clock tells the fill, replay's tracker the resonance."""
    counts: dict[str, int] = {}
    pictures, containers, fills, pitches = [], [], [], []
    for recording in recordings:
        found, middles = windows(load(recording, SAMPLE_RATE))
        fill = np.minimum(middles / recording.duration * _FILLS, _FILLS - 1)
        pictures.append(found)
        fills.append(fill.astype(np.int64))
        pitches.append(_pitch_classes(prepare(recording, SAMPLE_RATE), middles))
        counts[recording.container] = counts.get(recording.container, 0) + len(found)
        containers += [recording.container] * len(found)
    chance = np.array([counts[container] ** -0.5 for container in containers])
    return Labelled(
        torch.from_numpy(np.concatenate(pictures)),
        chance / chance.sum(),
        torch.from_numpy(np.concatenate(fills)),
        torch.from_numpy(np.concatenate(pitches)),
    )


def _pitch_classes(clip: Clip, middles: NDArray[np.float64]) -> NDArray[np.int64]:
    frames = np.minimum((middles / HOP).astype(int), len(clip.pitch) - 1)
    octaves = clip.pitch[frames] - np.log2(_LOWEST)
    classes = np.clip(octaves * 1200 / _STEP, 0, _PITCHES - 1).astype(np.int64)
    return np.where(clip.usable[frames], classes, _UNKNOWN)


def train(settings: Settings, group: Group) -> None:
    """Train on the training containers, write embedding.safetensors and tell what it tells right.

    Raises:
        MultigenError: a recording cannot be used, or the training fails.
    """
    device = group.device
    torch.manual_seed(settings.seed)
    used, kept = _divided(split(read_recordings(settings.data)[0])[0])
    data, validation = labelled(used), labelled(kept)
    network = EmbeddingNetwork().to(device)
    training = Training(network, "embedding", settings, group, STEPS, _RATE)
    drawn = group.share(_BATCH)
    for _, rng in training:
        chosen = torch.from_numpy(rng.choice(len(data.chance), drawn, p=data.chance))
        pictures = _coloured(data.pictures[chosen], rng).to(device)
        fill, pitch = network(pictures)
        parts = {
            "fill": functional.cross_entropy(fill, data.fill[chosen].to(device)),
            "pitch": functional.cross_entropy(
                pitch,
                data.pitch[chosen].to(device),
                ignore_index=_UNKNOWN,
                label_smoothing=0.1,
            ),
        }
        figures = {name: float(value.detach()) for name, value in parts.items()}
        training.learn(torch.stack(list(parts.values())).sum(), figures)
    training.finish()
    if not group.first:
        return
    figures = _validate(network, validation, device)
    about = {"steps": training.step, "batch": _BATCH, "rate": _RATE, "seed": settings.seed}
    _export(network, settings.out / "embedding.safetensors", {**about, **figures})
    group.tell(", ".join(f"{name} {share:.0%}" for name, share in figures.items()))


def _divided(recordings: Sequence[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Clips to train on and, of containers of several, to validate on."""
    train: list[Recording] = []
    kept: list[Recording] = []
    seen: dict[str, int] = {}
    for recording in recordings:
        seen[recording.container] = seen.get(recording.container, 0) + 1
        (train if seen[recording.container] % _KEPT else kept).append(recording)
    return train, kept


def _coloured(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Windows as another microphone would have heard them."""
    knots = rng.normal(0.0, 0.35, (len(pictures), 6))
    bands = np.linspace(0, 5, BANDS)
    colour = np.stack([np.interp(bands, np.arange(6), row) for row in knots]).astype(np.float32)
    return pictures + torch.from_numpy(colour)[:, None]


def _validate(network: EmbeddingNetwork, data: Labelled, device: torch.device) -> dict[str, float]:
    with torch.no_grad():
        fill, pitch = (logits.argmax(1).cpu() for logits in network(data.pictures.to(device)))
    known = data.pitch != _UNKNOWN
    near = (pitch - data.pitch).abs()[known] <= 1
    return {
        "fill_accuracy": round(float((fill == data.fill).float().mean()), 3),
        "pitch_accuracy": round(float(near.float().mean()), 3),
    }


def _export(network: EmbeddingNetwork, path: Path, settings: dict[str, object]) -> None:
    weights: dict[str, Tensor] = {}
    for index, convolution in enumerate(network.convolutions):
        weights |= {f"conv{index}.{name}": value for name, value in convolution.named_parameters()}
    weights |= {"project.weight": network.project.weight, "project.bias": network.project.bias}
    halves = {name: value.detach().cpu().half().contiguous() for name, value in weights.items()}
    write_atomic(path, save(halves, KIND.metadata(settings)))
