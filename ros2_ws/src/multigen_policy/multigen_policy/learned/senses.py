"""The network's senses: convolutions over the frequencies of a sound and over a picture."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from multigen_policy.learned.inputs import BANDS
from multigen_policy.listening.spectrum import neighbourhood


def _convolutions(
    kind: type[nn.Conv1d] | type[nn.Conv2d],
    widths: tuple[int, ...],
    shapes: tuple[tuple[int, int], ...],
) -> nn.Sequential:
    """Rectified convolutions, `shapes` (kernel, stride); norms would cost a CPU more than these."""
    layers: list[nn.Module] = []
    for (before, after), (kernel, stride) in zip(itertools.pairwise(widths), shapes, strict=True):
        layers += [kind(before, after, kernel, stride, kernel // 2), nn.ReLU()]
    return nn.Sequential(*layers)


class Ear(nn.Module):
    """From spectra, by twos merged into one, to what is heard, with a memory of the whole pour."""

    near: Tensor

    def __init__(self, heard: int) -> None:
        super().__init__()
        self.convs = _convolutions(nn.Conv1d, (2, 24, 48, 64), ((9, 3), (5, 3), (5, 2)))
        with torch.no_grad():
            flat = self.convs(torch.zeros(1, 2, BANDS)).numel()
        self.join = nn.Sequential(nn.Linear(flat, heard), nn.LayerNorm(heard), nn.ReLU())
        self.memory = nn.GRU(heard, heard, batch_first=True)
        self.heard = heard
        near = torch.from_numpy(neighbourhood()).float()
        self.register_buffer("near", near, persistent=False)

    def forward(self, spectra: Tensor, state_memory: Tensor) -> tuple[Tensor, Tensor]:
        """What is heard (B, N, heard) after each merged spectrum (B, N, BANDS) [dB], its memory."""
        batch, count, bands = spectra.shape
        contrast = (spectra - spectra @ self.near) * 0.1
        level = ((spectra + 60.0) * 0.05).clamp(-3.0, 3.0)
        x = torch.stack([level, contrast], 2).view(batch * count, 2, bands)
        joined = self.join(self.convs(x).flatten(1)).view(batch, count, -1)
        remembered, memory = self.memory(joined, state_memory)
        return joined + remembered, memory


class Eye(nn.Module):
    """From pictures (N, H, W, 3) to features (N, F)."""

    def __init__(
        self,
        size: tuple[int, int],
        widths: tuple[int, ...],
        features: int,
        first: tuple[int, int] = (6, 4),
    ) -> None:
        super().__init__()
        shapes = (first, *((3, 2) for _ in widths[1:]))
        self.convs = _convolutions(nn.Conv2d, (3, *widths), shapes)
        with torch.no_grad():
            flat = self.convs(torch.zeros(1, 3, *size)).numel()
        self.join = nn.Sequential(nn.Linear(flat, features), nn.LayerNorm(features), nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        """Features (N, F) of pictures (N, H, W, 3) in 0…255."""
        x = pictures.permute(0, 3, 1, 2) * (1 / 64.0) - 2.0
        features: Tensor = self.join(self.convs(x).flatten(1))
        return features
