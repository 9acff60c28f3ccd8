"""The network that looks and listens: a causal ear, two eyes, a memory and its heads."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.inputs import BANDS, STATE
from multigen_policy.learned.outputs import FUTURE, HEADS, RELEASED, WIDTH
from multigen_policy.listening.spectrum import neighbourhood


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes, and which senses it has; without images it is `audio`, without sound `vision`."""

    images: bool = True
    sound: bool = True
    heard: int = 160
    seen: int = 128
    memory: int = 256


_FLOW, _FLOW_UNIT = HEADS["outflow"]
_VOLUME_UNIT = HEADS["committed"][1]
"""The flow is added up to the means of the first two heads, committed and poured."""
_SLOPE, _RATE = (slice(i, i + 1) for i in map(STATE.index, ("retained_slope", "tilt_rate")))
_UNIT_RELEASED = 500.0 * 0.3 / _FLOW_UNIT
"""Flow from the units of the state, 500 ml/rad and 0.3 rad/s."""


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

    def __init__(self, size: tuple[int, int], widths: tuple[int, ...], features: int) -> None:
        super().__init__()
        shapes = ((6, 4), *((3, 2) for _ in widths[1:]))
        self.convs = _convolutions(nn.Conv2d, (3, *widths), shapes)
        with torch.no_grad():
            flat = self.convs(torch.zeros(1, 3, *size)).numel()
        self.join = nn.Sequential(nn.Linear(flat, features), nn.LayerNorm(features), nn.ReLU())

    def forward(self, pictures: Tensor) -> Tensor:
        """Features (N, F) of pictures (N, H, W, 3) in 0…255."""
        x = pictures.permute(0, 3, 1, 2) * (1 / 64.0) - 2.0
        features: Tensor = self.join(self.convs(x).flatten(1))
        return features


class Mind(nn.Module):
    """From what is heard and seen at each step to the outputs named HEADS, with a memory."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.crop = Eye(CROP, (24, 48, 64), config.seen)
        self.whole = Eye(WHOLE, (16, 32, 48), config.seen // 2)
        sizes = {"heard": config.heard, "crop": config.seen, "whole": config.seen // 2}
        self.absent = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(size)) for name, size in sizes.items()}
        )
        self.felt = nn.Sequential(
            nn.Linear(len(STATE) + 1, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU()
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
        self,
        heard: Tensor,
        crop: Tensor,
        whole: Tensor,
        state: Tensor,
        state_memory: Tensor,
        state_sum: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs (B, T, WIDTH), the memory and the sum after.

        Args:
            heard: (B, T, heard), of the ear at each step.
            crop: (B, T', *CROP, 3) in 0…255, used where the state says that it sees; fewer than
                steps in training, each then for several.
            whole: (B, T', *WHOLE, 3).
            state: (B, T, S).
            state_memory: (1, B, memory).
            state_sum: (B, 1), the volume that flowed before [100 ml].
        """
        seen = self.see(crop, whole, state.shape[1])
        return self.think(heard, *seen, state, state_memory, state_sum)

    def see(self, crop: Tensor, whole: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Features (B, count, F) of the pictures of `count` steps."""
        every = -(-count // crop.shape[1])
        return _seen(self.crop, crop, every)[:, :count], _seen(self.whole, whole, every)[:, :count]

    def think(
        self,
        heard: Tensor,
        crop: Tensor,
        whole: Tensor,
        state: Tensor,
        state_memory: Tensor,
        state_sum: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, from the features of pictures.

        The flow that it tells is added up over time; its memory corrects that sum. Part of the flow
        is what a slow tilt of the held vessel, if that is known, releases.
        """
        released = _UNIT_RELEASED * state[..., _SLOPE] * state[..., _RATE]
        sees = state[..., STATE.index("sees"), None] * float(self.config.images)
        hears = state[..., STATE.index("hears"), None] * float(self.config.sound)
        known = torch.cat([
            self._or_absent("heard", heard, hears),
            self._or_absent("crop", crop, sees),
            self._or_absent("whole", whole, sees),
            self.felt(torch.cat([state, released], -1)),
        ], -1)  # fmt: skip
        joined = self.join(known)
        remembered, memory = self.memory(joined, state_memory)
        outputs = self.heads(torch.cat([joined, remembered], -1))
        flowing = outputs[..., RELEASED].sigmoid() * released.clamp(0.0, 5.0)
        flow = functional.softplus(4 * outputs[..., _FLOW]) / 4 + flowing
        lapse = 0.1 * state[..., STATE.index("gap"), None]
        total = state_sum[:, None] + (flow * lapse).cumsum(1) * (_FLOW_UNIT / _VOLUME_UNIT)
        parts = [outputs[..., : _FLOW.start], flow, outputs[..., _FLOW.stop :]]
        added = functional.pad(total, (0, 1)).repeat(1, 1, 2)
        summed = functional.pad(added, (0, WIDTH - 4))
        return torch.cat(parts, -1) + summed, memory, total[:, -1]

    def _or_absent(self, name: str, value: Tensor, there: Tensor) -> Tensor:
        return value * there + self.absent[name] * (1.0 - there)


def _seen(eye: Eye, pictures: Tensor, every: int) -> Tensor:
    """Features (B, T' every, F) of pictures (B, T', H, W, 3)."""
    found = eye(pictures.flatten(0, 1)).view(*pictures.shape[:2], -1)
    return found.repeat_interleave(every, 1) if every > 1 else found


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
        """Outputs (B, T, WIDTH) and the expected sound (B, T, FUTURE) of whole pours."""
        heard = self.hear(spectra, ends)
        return self.think(heard, *self.mind.see(crop, whole, state.shape[1]), state), self.foresee(
            heard
        )

    def hear(self, spectra: Tensor, ends: Tensor) -> Tensor:
        """What is heard (B, T, heard); `ends` (B, T) of merged spectra (B, M, BANDS) are known."""
        none = torch.zeros(1, len(spectra), self.config.heard, device=spectra.device)
        heard = functional.pad(self.ear(spectra, none)[0], (0, 0, 1, 0))
        return heard.gather(1, ends[..., None].expand(-1, -1, heard.shape[-1]))

    def think(self, heard: Tensor, crop: Tensor, whole: Tensor, state: Tensor) -> Tensor:
        """Outputs (B, T, WIDTH) of whole pours from the features of their senses."""
        batch, device = len(state), state.device
        memory = torch.zeros(1, batch, self.config.memory, device=device)
        none = torch.zeros(batch, 1, device=device)
        return self.mind.think(heard, crop, whole, state, memory, none)[0]
