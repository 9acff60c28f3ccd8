"""The voice: what happens, as a log-mel spectrum, by conditional flow matching.

A causal network turns noise into a spectrum in a few steps along a learned flow (Lipman et al.
2023; Liu et al. 2023), each conditioned on the features of what is seen. The noise has the
covariance of spectra already (as in Lee et al. 2022), so that the flow need not make it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from multigen_audio.flow.features import FEATURES
from multigen_audio.flow.wandering import KEEPS
from multigen_core.learning.mel import BANDS

STEPS = (0.3024, 0.2650, 0.2084)
PLACES = (0.2469, 0.3984, 0.7745)
"""Lengths of the steps along the flow, and where on it each takes the velocity to be.

The rest of the way the velocity is the spectrum itself, as at the flow's end. So a normal
distribution of any width from 0.2 on arrives with its width to within 4 %; four equal steps of
Euler's, each with the velocity at its beginning, would take 28 % to 40 % of it away.
"""


@dataclass(frozen=True)
class VoiceConfig:
    """Its size."""

    width: int = 192
    blocks: int = 6
    kernel: int = 7
    expansion: int = 3


class Block(nn.Module):
    """A causal ConvNeXt block (Liu et al. 2022), told of conditions and the place in the flow."""

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        width = config.width
        self.mix = nn.Conv1d(width, width, config.kernel, groups=width)
        self.norm = nn.LayerNorm(width)
        self.condition = nn.Linear(width, width)
        self.place = nn.Linear(width, 2 * width)
        self.widen = nn.Linear(width, config.expansion * width)
        self.narrow = nn.Linear(config.expansion * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(
        self, x: Tensor, told: Tensor, place: Tensor, past: Tensor
    ) -> tuple[Tensor, Tensor]:
        """`x` and `told` (B, T, width), `place` (B, 1, width), `past` (B, kernel - 1, width)."""
        line = torch.cat([past, x], 1)
        y = self.mix(line.transpose(1, 2)).transpose(1, 2)
        gain, shift = self.place(place).chunk(2, -1)
        y = self.norm(y) * (1 + gain) + shift + told
        y = self.narrow(nn.functional.gelu(self.widen(y)))
        return x + self.scale * y, line[:, -past.shape[1] :]


class Voice(nn.Module):
    """Velocity of the flow from noise to log-mel spectra."""

    mean: Tensor
    deviation: Tensor
    shares: Tensor
    spread: Tensor
    frequencies: Tensor

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.listen = nn.Sequential(
            nn.Linear(FEATURES, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.enter = nn.Linear(BANDS, width)
        self.begin = nn.Linear(width, width)
        self.place = nn.Sequential(nn.Linear(32, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, BANDS)
        self.register_buffer("mean", torch.zeros(BANDS))
        self.register_buffer("deviation", torch.ones(BANDS))
        self.register_buffer("shares", torch.ones(len(KEEPS), BANDS) / len(KEEPS) ** 0.5)
        self.register_buffer("spread", torch.eye(BANDS))
        frequencies = 2 * math.pi * 2.0 ** torch.arange(-4.0, 4.0, 0.5)
        self.register_buffer("frequencies", frequencies)

    def memory(self, batch: int = 1) -> Tensor:
        """What one step remembers at the beginning: (blocks, B, kernel - 1, width)."""
        c = self.config
        return torch.zeros(c.blocks, batch, c.kernel - 1, c.width, device=self.mean.device)

    def mixed(self, noise: Tensor) -> Tensor:
        """Noise (B, T, len(KEEPS), BANDS) as correlated as spectra are, (B, T, BANDS)."""
        return (noise * self.shares).sum(2) @ self.spread

    def told(self, features: Tensor) -> list[Tensor]:
        """Features (B, T, FEATURES) as each layer hears of them; equal for all steps."""
        told = self.listen(features)
        return [self.begin(told)] + [block.condition(told) for block in self.blocks]  # type: ignore[operator]

    def velocity(
        self, x: Tensor, place: Tensor, told: list[Tensor], memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """At spectra `x` (B, T, BANDS), normalised, and `place`, (B,) or (1,), from 0 to 1."""
        angles = place[:, None, None] * self.frequencies
        at = self.place(torch.cat([angles.sin(), angles.cos()], -1))
        y = self.enter(x) + told[0]
        kept = []
        for block, hint, past in zip(self.blocks, told[1:], memory, strict=True):
            y, now = block(y, hint, at, past)
            kept.append(now)
        return self.leave(self.norm(y)), torch.stack(kept)

    def forward(
        self, features: Tensor, noise: Tensor, state_memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Speak: log-mel spectra (B, T, BANDS) of features (B, T, FEATURES).

        `noise` (B, T, len(KEEPS), BANDS) is that of noise.py.
        `state_memory` (len(STEPS), blocks, B, kernel - 1, width) carries on from the chunk before.
        """
        told = self.told(features)
        x, kept = self.mixed(noise), []
        for length, at, past in zip(STEPS, PLACES, state_memory, strict=True):
            place = torch.full((1,), at, device=x.device)
            velocity, now = self.velocity(x, place, told, past)
            x = x + length * velocity
            kept.append(now)
        x = x * (2.0 - sum(STEPS))
        return x * self.deviation + self.mean, torch.stack(kept)
