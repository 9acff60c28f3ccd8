"""The eye's network for the hearing view, which measures the vessel row by row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from multigen_audio.flow.conditions import MATERIALS
from multigen_audio.flow.networks.layers import (
    MEMORY,
    Coarse,
    Eyed,
    block,
    compressed,
    radii,
    row_volumes,
)
from multigen_audio.flow.picture import SIZES
from multigen_audio.flow.sight import HOPS, ROWS, SLOW

WALL = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Where the wall's colours are read, beside the inner radius [px]."""


class Rows(nn.Module):
    """A block along the rows, which sees far up and down."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.block = nn.Sequential(*block(conv))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ROWS) to the same."""
        return x + self.block(x)


class Section(nn.Module):
    """Reads the target, row by row at full resolution, folded at its axis."""

    def __init__(self, rows: int = 96, features: int = 128) -> None:
        super().__init__()
        self.strips = nn.Sequential(
            *block(nn.Conv2d(6, 24, 3, (1, 2), 1, bias=False)),
            *block(nn.Conv2d(24, 24, 3, (1, 2), 1, bias=False)),
        )
        self.flat = nn.Sequential(*block(nn.Conv1d(240, rows, 3, padding=1, bias=False)))
        self.near = nn.Sequential(Rows(rows, 1), Rows(rows, 4))
        self.pool = nn.Conv1d(rows, 48, 4, 4)
        self.features = nn.Linear(48 * ROWS // 4, features)
        self.context = nn.Linear(features, rows)
        self.far = Rows(rows, 12)
        self.rows = nn.Conv1d(rows, 3, 1)

    def forward(self, target: Tensor) -> tuple[Tensor, Tensor]:
        """Target half (N, 3, 128, 80) to rows' logits (N, 3, ROWS) and features (N, F)."""
        folded = torch.cat([target[..., :40].flip(-1), target[..., 40:]], 1)
        x = self.strips(folded).transpose(2, 3).flatten(1, 2)
        x = self.near(self.flat(x))
        features = functional.relu(self.features(functional.relu(self.pool(x)).flatten(1)))
        return self.rows(self.far(x + self.context(features)[..., None])), features


def wall(target: Tensor, rows: Tensor) -> Tensor:
    """Colours (N, 6 W) along the wall, at WALL beside the radii in rows (N, 3, ROWS).

    Mean colours, and in which direction they differ from the background: a wall thinner than a
    pixel mixes with it.
    """
    inside, _, radius = rows.detach().unbind(1)
    columns = (torch.arange(80, device=target.device) - 39.5).abs()
    beside = columns - radius[..., None]
    behind = target[:, :, 0, 0]
    found = []
    for distance in WALL:
        near = inside[..., None] * (1.0 - (beside - distance).abs()).clamp(min=0.0)
        total = near.sum((1, 2))[:, None] + 1e-3
        colour = (target * near[:, None]).sum((2, 3)) / total
        contrast = colour - behind
        found += [colour, contrast / (contrast.norm(dim=1, keepdim=True) + 0.05)]
    return torch.cat(found, 1)


class CutawayNetwork(Eyed):
    """Measures each frame; its memory tells the flow.

    `state_seen` holds the volume in the target [ml] last seen, and 1 once it was.
    """

    view = "cutaway"
    size = SIZES["cutaway"]

    def __init__(self) -> None:
        super().__init__()
        self.target = Section()
        self.source = Coarse((128, 80), (16, 24, 32, 48), 96)
        self.join = nn.Linear(128 + 96 + 7, MEMORY)
        self.memory = nn.GRU(MEMORY, MEMORY, batch_first=True)
        self.hops = nn.Sequential(nn.Linear(2 * MEMORY, 128), nn.ReLU(), nn.Linear(128, 4 * HOPS))
        kinds = len(MATERIALS)
        self.slow = nn.Sequential(
            nn.Linear(2 * MEMORY, 96), nn.ReLU(), nn.Linear(96, len(SLOW) - kinds)
        )
        self.material = nn.Sequential(nn.Linear(6 * len(WALL), 64), nn.ReLU(), nn.Linear(64, kinds))

    def forward(
        self, frame: Tensor, gap: Tensor, state_memory: Tensor, state_seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Rows, hops, slow, and the memory after; see `Eyed`."""
        batch, count = frame.shape[:2]
        x = frame.flatten(0, 1).permute(0, 3, 1, 2).float() / 64.0 - 1.7
        logits, features = self.target(x[..., 80:])
        source = self.source(x[..., :80])
        with torch.autocast(frame.device.type, enabled=False):
            inside, filled, width = logits.float().view(batch, count, 3, ROWS).unbind(2)
            rows = torch.stack([inside.sigmoid(), filled.sigmoid(), radii(width)], 2)
            volume, known = _volumes(rows)
            before = torch.cat([state_seen[:, None, :1], volume[:, :-1]], 1)
            seen = torch.ones_like(volume)
            seen = torch.cat([state_seen[:, None, 1:], seen[:, :-1]], 1)
            rise = seen * (volume - before) / (0.1 * gap)
            late = 0.3 * (gap - 1.0).clamp(max=10.0)
            extra = torch.cat([compressed(rise / 5.0), compressed(rise / 50.0), known, late], -1)
            colours = wall(x[..., 80:], rows.flatten(0, 1)).view(batch, count, -1)
            material = self.material(colours)
        read = [part.view(batch, count, -1).float() for part in (features, source)]
        joined = functional.relu(self.join(torch.cat([*read, extra], -1)))
        remembered, memory = self.memory(joined, state_memory)
        both = torch.cat([joined, remembered], -1)
        hops = self.hops(both).view(batch, count, HOPS, 4)
        last = torch.cat([volume[:, -1], torch.ones_like(volume[:, -1])], -1)
        slow = self.slow(both).float()
        slow = torch.cat([slow[..., :1], material, slow[..., 1:]], -1)
        return rows, hops, slow, memory, last


def _volumes(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Volume (B, T, 1) [ml], and (B, T, 4): level, height, what surface rows hold, fill."""
    inside, filled, radius = rows.unbind(2)
    full = row_volumes(torch.ones_like(inside), radius)
    volume = (filled * full).sum(-1, keepdim=True)
    level, height = filled.sum(-1, keepdim=True), inside.sum(-1, keepdim=True)
    surface = ((filled * (1 - filled) + 1e-3 * inside) * full).sum(-1, keepdim=True)
    return volume, torch.cat([level / 40, height / 60, surface, level / (height + 1.0)], -1)
