"""The eye's network for the public camera, which finds the target and reads it row by row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from multigen_audio.flow.networks.cutaway import Section
from multigen_audio.flow.networks.layers import (
    MEMORY,
    Coarse,
    Eyed,
    compressed,
    radii,
    row_volumes,
)
from multigen_audio.flow.networks.placing import PLACE, Finder, cut
from multigen_audio.flow.picture import SIZES
from multigen_audio.flow.sight import HEIGHTS, HOPS, ROWS, SLOW

_KEPT = 0.95
"""How much of what it thinks of the place it keeps from frame to frame."""
_BELOW = 0.012
"""How far the foot's near edge shows below its middle [m]."""

_CELLS = {
    "target_up": torch.from_numpy(HEIGHTS).float() - _BELOW,
    "target_across": torch.linspace(-0.079, 0.079, 80),
    "stream_up": torch.linspace(0.088, -0.02, 72),
    "stream_across": torch.linspace(-0.08, 0.028, 72),
    "source_up": torch.linspace(0.196, -0.06, 64),
    "source_across": torch.linspace(-0.22, 0.036, 64),
}
"""Where it cuts out what, up the axis from the foot or, but for the target, the rim, and across."""


class PublicNetwork(Eyed):
    """Cuts the target out of each frame, at the size in which the hearing view shows it.

    What it sees filled it weighs against what the flow adds up to. `state_seen` holds the volume
    [ml] that has flowed in so far, 1 once a frame was seen, the volume last seen, and the fading
    sum and count of places.
    """

    view = "public"
    size = SIZES["public"]
    seen = 4 + PLACE
    target_up: Tensor
    target_across: Tensor
    stream_up: Tensor
    stream_across: Tensor
    source_up: Tensor
    source_across: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.finder = Finder()
        self.target = Section()
        self.stream = Coarse((72, 72), (16, 24, 32, 48, 64), 96, 1)
        self.source = Coarse((64, 64), (16, 24, 32, 48), 96)
        self.join = nn.Linear(128 + 96 + 96 + 4, MEMORY)
        self.memory = nn.GRU(MEMORY, MEMORY, batch_first=True)
        self.hops = nn.Sequential(nn.Linear(2 * MEMORY, 128), nn.ReLU(), nn.Linear(128, 4 * HOPS))
        self.slow = nn.Sequential(
            nn.Linear(2 * MEMORY + 128, 96), nn.ReLU(), nn.Linear(96, len(SLOW))
        )
        self.trust = nn.Linear(2 * MEMORY, 1)
        for name, cells in _CELLS.items():
            self.register_buffer(name, cells, persistent=False)

    def pictures(self, frame: Tensor) -> Tensor:
        """Frames (B, T, H, W, 3) as pictures (B T, 3, H, W) of values near 1."""
        return frame.flatten(0, 1).permute(0, 3, 1, 2).float() / 64.0 - 2.0

    def forward(
        self, frame: Tensor, gap: Tensor, state_memory: Tensor, state_seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Rows, hops, slow, and the memory after; see `Eyed`."""
        x = self.pictures(frame)
        return self.read(x, self.finder(x)[0], gap, state_memory, state_seen)[:5]

    def read(
        self, x: Tensor, found: Tensor, gap: Tensor, state_memory: Tensor, state_seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """As `forward`, from pictures and the places found in each (B T, PLACE).

        And, of every row (B, T, 2, ROWS), the part that looks filled, and that which flow fills.
        """
        batch, count = gap.shape[:2]
        found = found.view(batch, count, PLACE)
        with torch.autocast(x.device.type, enabled=False):
            places, counts = _faded(found, state_seen[:, 3:])
            place = (places / counts).flatten(0, 1).detach()
            target = cut(x, place, self.target_up, self.target_across, False)
            stream = cut(x, place, self.stream_up, self.stream_across, True)
            half = functional.avg_pool2d(x, 2)
            source = cut(half, place, self.source_up, self.source_across, True)
        logits, features = self.target(target)
        parts = features, self.stream(stream), self.source(source)
        read = torch.cat([part.view(batch, count, -1).float() for part in parts], -1)
        with torch.autocast(x.device.type, enabled=False):
            inside, seen, width = logits.float().view(batch, count, 3, ROWS).unbind(2)
            inside, seen, radius = inside.sigmoid(), seen.sigmoid(), radii(width)
            content = row_volumes(seen, radius).sum(-1, keepdim=True)
            before = torch.cat([state_seen[:, None, 2:3], content[:, :-1]], 1)
            known = torch.cat([state_seen[:, None, 3:4], counts[:, :-1]], 1) > 0
            rise = known * (content - before) / (0.1 * gap)
            late = 0.3 * (gap - 1.0).clamp(max=10.0)
            extra = [compressed(rise / 5.0), compressed(rise / 50.0), known.float(), late]
        joined = functional.relu(self.join(torch.cat([read, *extra], -1)))
        remembered, memory = self.memory(joined, state_memory)
        both = torch.cat([joined, remembered], -1)
        hops = self.hops(both).view(batch, count, HOPS, 4)
        trust = self.trust(both)
        with torch.autocast(x.device.type, enabled=False):
            rates = hops[..., 0].float().sigmoid() * hops[..., 1].float().clamp(max=6.0).exp()
            poured = rates.mean(-1, keepdim=True) * (0.1 * gap)
            volume = state_seen[:, None, :1] + poured.cumsum(1)
            part = trust.float().sigmoid()
            summed = _filled(volume, inside, radius)
            filled = part * seen + (1 - part) * summed
            rows = torch.stack([inside, filled, radius], 2)
        ones = torch.ones_like(volume)
        last = torch.cat([volume, ones, content, counts, places], -1)[:, -1]
        slow = self.slow(torch.cat([both, read[..., :128]], -1))
        return rows, hops, slow, memory, last, torch.stack([seen, summed], 2)


def _faded(found: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Fading sums of places (B, T, PLACE) and ones (B, T, 1) after others (B, 1 + PLACE)."""
    count = found.shape[1]
    each = torch.cat([torch.ones_like(found[..., :1]), found], -1)
    age = torch.arange(count)[:, None] - torch.arange(count)
    weights = torch.where(age >= 0, _KEPT ** age.clamp(min=0), 0.0).to(found)
    first = _KEPT ** torch.arange(1, count + 1)[:, None].to(found)
    sums = weights @ each + first * before[:, None]
    return sums[..., 1:], sums[..., :1]


def _filled(volume: Tensor, inside: Tensor, radius: Tensor) -> Tensor:
    """Part of each row, (B, T, ROWS), that lies below a volume (B, T, 1) [ml] from the bottom."""
    each = row_volumes(inside, radius)
    below = each.sum(-1, keepdim=True) - each.cumsum(-1)
    return inside * ((volume - below) / (each + 1e-3)).clamp(0.0, 1.0)
