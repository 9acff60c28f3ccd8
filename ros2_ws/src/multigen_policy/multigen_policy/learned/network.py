"""The network that looks and listens: a causal ear, two eyes, a memory and its heads."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.inputs import BANDS, STATE
from multigen_policy.learned.outputs import CHUNK, FUTURE, HEADS, WIDTH
from multigen_policy.listening.spectrum import neighbourhood


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes, and which senses it has; without images it is `audio`, without sound `vision`."""

    images: bool = True
    sound: bool = True
    heard: int = 160
    seen: int = 128
    memory: int = 256


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, channels // 8), channels)


class Ear(nn.Module):
    """From spectra, one every 20 ms, to what is heard, with a memory of the whole pour."""

    near: Tensor

    def __init__(self, heard: int) -> None:
        super().__init__()
        widths = (2, 16, 32, 48, 64)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv1d(before, after, 7, 2, 3), _norm(after), nn.GELU()]
        self.convs = nn.Sequential(*layers)
        left = BANDS
        for _ in widths[1:]:
            left = (left + 1) // 2
        self.join = nn.Linear(widths[-1] * left, heard)
        self.memory = nn.GRU(heard, heard, batch_first=True)
        self.heard = heard
        near = torch.from_numpy(neighbourhood()).float()
        self.register_buffer("near", near, persistent=False)

    def forward(self, spectra: Tensor, state_memory: Tensor) -> tuple[Tensor, Tensor]:
        """What is heard (B, N, heard) after each spectrum (B, N, BANDS) [dB], and its memory."""
        batch, count, bands = spectra.shape
        contrast = (spectra - spectra @ self.near) * 0.1
        level = ((spectra + 60.0) * 0.05).clamp(-3.0, 3.0)
        x = torch.stack([level, contrast], 2).view(batch * count, 2, bands)
        joined = functional.gelu(self.join(self.convs(x).flatten(1))).view(batch, count, -1)
        remembered, memory = self.memory(joined, state_memory)
        return joined + remembered, memory


class Eye(nn.Module):
    """From pictures uint8 (N, H, W, 3) to features (N, F)."""

    def __init__(self, size: tuple[int, int], widths: tuple[int, ...], features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (before, after) in enumerate(itertools.pairwise((3, *widths))):
            width = 5 if index == 0 else 3
            layers += [nn.Conv2d(before, after, width, 2, width // 2), _norm(after), nn.GELU()]
        self.convs = nn.Sequential(*layers)
        height, width = size
        for _ in widths:
            height, width = (height + 1) // 2, (width + 1) // 2
        self.join = nn.Linear(widths[-1] * height * width, features)

    def forward(self, pictures: Tensor) -> Tensor:
        """Features (N, F) of pictures (N, H, W, 3) in 0…255."""
        x = pictures.permute(0, 3, 1, 2) * (1 / 64.0) - 2.0
        return functional.gelu(self.join(self.convs(x).flatten(1)))


class Mind(nn.Module):
    """From what is heard and seen at each step to the outputs named HEADS, with a memory."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.crop = Eye(CROP, (16, 32, 48, 64), config.seen)
        self.whole = Eye(WHOLE, (16, 32, 48), config.seen // 2)
        sizes = {"heard": config.heard, "crop": config.seen, "whole": config.seen // 2}
        self.absent = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(size)) for name, size in sizes.items()}
        )
        self.felt = nn.Sequential(
            nn.Linear(len(STATE), 96), nn.GELU(), nn.Linear(96, 96), nn.GELU()
        )
        self.join = nn.Sequential(
            nn.Linear(sum(sizes.values()) + 96, config.memory),
            nn.LayerNorm(config.memory),
            nn.GELU(),
            nn.Linear(config.memory, config.memory),
            nn.GELU(),
        )
        self.memory = nn.GRU(config.memory, config.memory, batch_first=True)
        self.heads = nn.Sequential(
            nn.Linear(2 * config.memory, config.memory), nn.GELU(), nn.Linear(config.memory, WIDTH)
        )

    def forward(
        self, heard: Tensor, crop: Tensor, whole: Tensor, state: Tensor, state_memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Outputs (B, T, WIDTH) and the memory after.

        Args:
            heard: (B, T, heard), of the ear at each step.
            crop: (B, T, *CROP, 3) in 0…255, used where the state says that it sees.
            whole: (B, T, *WHOLE, 3).
            state: (B, T, S).
            state_memory: (1, B, memory).
        """
        batch, count = state.shape[:2]
        sees = state[..., STATE.index("sees"), None] * float(self.config.images)
        hears = state[..., STATE.index("hears"), None] * float(self.config.sound)
        known = torch.cat([
            self._or_absent("heard", heard, hears),
            self._or_absent("crop", self.crop(crop.flatten(0, 1)).view(batch, count, -1), sees),
            self._or_absent("whole", self.whole(whole.flatten(0, 1)).view(batch, count, -1), sees),
            self.felt(state),
        ], -1)  # fmt: skip
        joined = self.join(known)
        remembered, memory = self.memory(joined, state_memory)
        return self.heads(torch.cat([joined, remembered], -1)), memory

    def _or_absent(self, name: str, value: Tensor, there: Tensor) -> Tensor:
        return value * there + self.absent[name] * (1.0 - there)


class Audiovisual(nn.Module):
    """Ear and mind, and what trains them only."""

    def __init__(self, config: NetworkConfig = NetworkConfig()) -> None:
        super().__init__()
        self.config = config
        self.ear = Ear(config.heard)
        self.mind = Mind(config)
        self.foresee = nn.Linear(config.heard, FUTURE)

    def forward(
        self, spectra: Tensor, ends: Tensor, crop: Tensor, whole: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Outputs (B, T, WIDTH) and the expected sound (B, T, FUTURE) of whole pours.

        `ends` (B, T) is the number of spectra (B, M, BANDS) known at each step.
        """
        batch = len(state)
        device = state.device
        heard, _ = self.ear(spectra, torch.zeros(1, batch, self.config.heard, device=device))
        heard = functional.pad(heard, (0, 0, 1, 0))
        at = ends[..., None].expand(-1, -1, heard.shape[-1])
        heard = heard.gather(1, at)
        memory = torch.zeros(1, batch, self.config.memory, device=device)
        return self.mind(heard, crop, whole, state, memory)[0], self.foresee(heard)


__all__ = ["CHUNK", "HEADS", "Audiovisual", "Ear", "Mind", "NetworkConfig"]
