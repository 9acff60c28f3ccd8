"""The mouth: log-mel spectra to sound, by shaping the short-time spectrum of noise.

Pouring is mostly noise, whose phases carry nothing, coloured by resonances, with bubbles that do
have phases. A causal network gives every bin of a noise's spectrum a gain and adds to it, as it
sees fit from that noise; the inverse transform then overlaps and adds (after Siuzdak 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from multigen_core.learning.mel import BANDS, WINDOW, filters

BINS = WINDOW // 2 + 1


@dataclass(frozen=True)
class MouthConfig:
    """Its size."""

    width: int = 192
    blocks: int = 5
    kernel: int = 7
    expansion: int = 3


class Block(nn.Module):
    """A causal ConvNeXt block (Liu et al. 2022)."""

    def __init__(self, config: MouthConfig) -> None:
        super().__init__()
        width = config.width
        self.mix = nn.Conv1d(width, width, config.kernel, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, config.expansion * width)
        self.narrow = nn.Linear(config.expansion * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """`x` (B, T, width), `past` (B, kernel - 1, width)."""
        line = torch.cat([past, x], 1)
        y = self.norm(self.mix(line.transpose(1, 2)).transpose(1, 2))
        y = self.narrow(nn.functional.gelu(self.widen(y)))
        return x + self.scale * y, line[:, -past.shape[1] :]


class Mouth(nn.Module):
    """Short-time spectra of sound from log-mel spectra and short-time spectra of white noise."""

    spread: Tensor

    def __init__(self, config: MouthConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = nn.Linear(BANDS + 2 * BINS, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, 3 * BINS)
        nn.init.zeros_(self.leave.bias)
        with torch.no_grad():
            self.leave.weight.mul_(0.1)
        bands = filters()[:, ::2]
        spread = bands / np.maximum(bands.sum(axis=0, keepdims=True), 1e-6)
        self.register_buffer("spread", torch.from_numpy(np.ascontiguousarray(spread)))

    def memory(self, batch: int = 1) -> Tensor:
        """What it remembers at the beginning: (blocks, B, kernel - 1, width)."""
        c = self.config
        device = self.spread.device
        return torch.zeros(c.blocks, batch, c.kernel - 1, c.width, device=device)

    def forward(self, spectra: Tensor, noise: Tensor, state_memory: Tensor) -> tuple[Tensor, ...]:
        """Real and imaginary parts (B, T, 2 BINS) of the sound's spectrum.

        Args:
            spectra: log-mel, (B, T, BANDS).
            noise: parts of the spectrum of white noise of RMS 1, (B, T, 2 BINS).
            state_memory: what the last call returned besides, or `memory`.
        """
        y = self.enter(torch.cat([0.5 * spectra, noise], -1))
        kept = []
        for block, past in zip(self.blocks, state_memory, strict=True):
            y, now = block(y, past)
            kept.append(now)
        gain, real, imaginary = self.leave(self.norm(y)).float().chunk(3, -1)
        gain = torch.exp((spectra @ self.spread + gain).clamp(max=6.0))
        first, second = noise.chunk(2, -1)
        sound = torch.cat([gain * (first + real), gain * (second + imaginary)], -1)
        return sound, torch.stack(kept)
