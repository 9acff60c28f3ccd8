"""The network that looks and listens: a causal ear, two eyes, a memory and its heads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.inputs import STATE
from multigen_policy.learned.onsets import FLOW_UNIT, ONSETS, VOLUME_UNIT
from multigen_policy.learned.outputs import CHUNK, FUTURE, HEADS
from multigen_policy.learned.senses import Ear, Eye


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes, and which senses it has; without images it is `audio`, without sound `vision`."""

    images: bool = True
    sound: bool = True
    heard: int = 160
    seen: int = 128
    memory: int = 256


_FLOW, _CHUNK = HEADS["outflow"][0], HEADS["chunk"][0]
_VOLUMES = 4
"""The first columns, committed and poured: the volume supposed is added to their means."""
_PER_SECOND = 0.1 * FLOW_UNIT / VOLUME_UNIT
"""From flow times gap to volume, in the units of the heads and of the state."""
CARRIED = 1 + len(ONSETS)
"""What is summed from step to step: the volume that flowed, and evidence for each onset."""
_EVIDENCE = 0.3
_SUPPOSED = 3
"""Values that the heads are told of the onsets: volume, flow, spread of the volume."""


class Judge(nn.Module):
    """Holds each onset as likely as what is thought at every step speaks for it."""

    def __init__(self, thought: int, width: int = 32) -> None:
        super().__init__()
        self.thought = nn.Linear(thought, width)
        self.onset = nn.Linear(6, width, bias=False)
        self.judge = nn.Linear(width, 2)

    def forward(
        self, thought: Tensor, perceived: Tensor, onsets: Tensor, before: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logarithms of probabilities (B, T, K), and the evidence for each onset then (B, K).

        Args:
            thought: (B, T, …).
            perceived: the flow by the senses (B, T, 1).
            onsets: volumes and flows, (B, T, K, 2).
            before: the evidence (B, K) before.
        """
        flow = onsets[..., 1]
        away = flow - perceived
        features = [*onsets.unbind(-1), (flow + 1e-4).sqrt(), (flow > 0).to(flow), away, away.abs()]
        fits = self.thought(thought)[:, :, None] + self.onset(torch.stack(features, -1))
        lasting, present = self.judge(functional.gelu(fits)).unbind(-1)
        evidence = before[:, None] + _EVIDENCE * lasting.cumsum(1)
        return (evidence + present).log_softmax(-1), evidence[:, -1]


class Mind(nn.Module):
    """From what is heard and seen at each step to the outputs named HEADS, with a memory."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        # A stream is one or two pixels wide.
        self.crop = Eye(CROP, (12, 24, 48, 64), config.seen, (5, 2))
        self.whole = Eye(WHOLE, (16, 32, 48), config.seen // 2)
        sizes = {"heard": config.heard, "crop": config.seen, "whole": config.seen // 2}
        self.absent = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(size)) for name, size in sizes.items()}
        )
        self.felt = nn.Sequential(
            nn.Linear(len(STATE) + 2 * len(ONSETS), 96), nn.GELU(), nn.Linear(96, 96), nn.GELU()
        )
        self.join = nn.Sequential(
            nn.Linear(sum(sizes.values()) + 96, config.memory),
            nn.LayerNorm(config.memory),
            nn.GELU(),
            nn.Linear(config.memory, config.memory),
            nn.GELU(),
        )
        self.memory = nn.GRU(config.memory, config.memory, batch_first=True)
        self.perceive = nn.Linear(2 * config.memory, 1)
        self.heads = nn.Sequential(
            nn.Linear(2 * config.memory + _SUPPOSED, config.memory), nn.GELU(),
            nn.Linear(config.memory, _CHUNK.start),
        )  # fmt: skip
        self.onsets = Judge(2 * config.memory)
        self.act = nn.Sequential(
            nn.Linear(2 * config.memory + 2, 128), nn.GELU(),
            nn.Linear(128, CHUNK),
        )  # fmt: skip

    def forward(
        self,
        heard: Tensor,
        crop: Tensor,
        whole: Tensor,
        state: Tensor,
        onsets: Tensor,
        state_memory: Tensor,
        state_sums: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs (B, T, WIDTH), the memory and the sums after.

        Args:
            heard: (B, T, heard), of the ear at each step.
            crop: (B, T', *CROP, 3) in 0…255, used where the state says that it sees; fewer than
                steps in training, each then for several.
            whole: (B, T', *WHOLE, 3).
            state: (B, T, S).
            onsets: (B, T, K, 2).
            state_memory: (1, B, memory).
            state_sums: (B, CARRIED).
        """
        seen = self.see(crop, whole, state.shape[1])
        return self.think(heard, *seen, state, onsets, state_memory, state_sums)

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
        onsets: Tensor,
        state_memory: Tensor,
        state_sums: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, from the features of pictures.

        Where the held vessel is known, flow and volume are those of the onsets that it holds
        likely; elsewhere the flow is its own and added up. The heads correct that volume.
        """
        sees = state[..., STATE.index("sees"), None] * float(self.config.images)
        hears = state[..., STATE.index("hears"), None] * float(self.config.sound)
        held = state[..., STATE.index("knows_held"), None]
        known = torch.cat([
            self._or_absent("heard", heard, hears),
            self._or_absent("crop", crop, sees),
            self._or_absent("whole", whole, sees),
            self.felt(torch.cat([state, onsets.flatten(2)], -1)),
        ], -1)  # fmt: skip
        joined = self.join(known)
        remembered, memory = self.memory(joined, state_memory)
        thought = torch.cat([joined, remembered], -1)
        perceived = functional.softplus(4 * self.perceive(thought)) / 4
        likely, evidence = self.onsets(thought, perceived, onsets, state_sums[:, 1:])
        supposed, spread = _moments(likely.exp(), onsets)
        flow = held * supposed[..., 1:] + (1.0 - held) * perceived
        lapse = state[..., STATE.index("gap"), None]
        flowed = state_sums[:, None, :1] + (flow * lapse).cumsum(1) * _PER_SECOND
        volume = held * supposed[..., :1] + (1.0 - held) * flowed
        found = self.heads(torch.cat([thought, volume, flow, spread], -1))
        means = functional.pad(volume, (0, 1)).repeat(1, 1, 2)
        added = functional.pad(means, (0, _FLOW.start - _VOLUMES))
        volumes = found[..., : _FLOW.start] + added
        goal = state[..., STATE.index("goal"), None]
        remaining = (goal - volumes[..., :1]).detach()
        chunk = self.act(torch.cat([thought, remaining, flow.detach()], -1))
        rest = found[..., _FLOW.stop :]
        outputs = torch.cat([volumes, flow, rest, chunk, perceived, likely], -1)
        return outputs, memory, torch.cat([flowed[:, -1], evidence], -1)

    def _or_absent(self, name: str, value: Tensor, there: Tensor) -> Tensor:
        return value * there + self.absent[name] * (1.0 - there)


def _moments(likely: Tensor, onsets: Tensor) -> tuple[Tensor, Tensor]:
    """Mean volume and flow (B, T, 2), and the volume's standard deviation (B, T, 1)."""
    mean = (likely[..., None] * onsets).sum(2)
    away = onsets[..., 0] - mean[..., :1]
    return mean, ((likely * away**2).sum(-1, keepdim=True) + 1e-6).sqrt()


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
        self,
        spectra: Tensor,
        ends: Tensor,
        crop: Tensor,
        whole: Tensor,
        state: Tensor,
        onsets: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Outputs (B, T, WIDTH) and the expected sound (B, T, FUTURE) of whole pours."""
        heard = self.hear(spectra, ends)
        if self.config.images:
            seen = self.mind.see(crop, whole, state.shape[1])
        else:
            shape, features = state.shape[:2], self.config.seen
            seen = heard.new_zeros(*shape, features), heard.new_zeros(*shape, features // 2)
        return self.think(heard, *seen, state, onsets), self.foresee(heard)

    def hear(self, spectra: Tensor, ends: Tensor) -> Tensor:
        """What is heard (B, T, heard); `ends` (B, T) of merged spectra (B, M, BANDS) are known."""
        none = torch.zeros(1, len(spectra), self.config.heard, device=spectra.device)
        heard = functional.pad(self.ear(spectra, none)[0], (0, 0, 1, 0))
        return heard.gather(1, ends[..., None].expand(-1, -1, heard.shape[-1]))

    def think(
        self, heard: Tensor, crop: Tensor, whole: Tensor, state: Tensor, onsets: Tensor
    ) -> Tensor:
        """Outputs (B, T, WIDTH) of whole pours from the features of their senses."""
        batch, device = len(state), state.device
        memory = torch.zeros(1, batch, self.config.memory, device=device)
        none = torch.zeros(batch, CARRIED, device=device)
        return self.mind.think(heard, crop, whole, state, onsets, memory, none)[0]
