"""The eye's network for the public camera, which adds up what it sees flow."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from multigen_audio.flow.picture import SIZES
from multigen_audio.flow.sight import HOPS, ROWS, SLOW
from multigen_audio.flow.training.layers import MEMORY, Coarse, Eyed, radii, row_volumes

_CROP = slice(24, 232), slice(40, 280)
"""Rows and columns in which pours are seen."""


class PublicNetwork(Eyed):
    """Guesses the shape, and weighs the level seen against the one that the flow adds up to.

    `state_seen` holds the volume [ml] that has flowed in so far, and 1 once a frame was seen.
    """

    view = "public"
    size = SIZES["public"]

    def __init__(self) -> None:
        super().__init__()
        self.picture = Coarse((208, 240), (32, 48, 64, 64), MEMORY, 4, anywhere=True)
        self.late = nn.Linear(1, MEMORY)
        self.memory = nn.GRU(MEMORY, MEMORY, batch_first=True)
        self.hops = nn.Sequential(nn.Linear(2 * MEMORY, 128), nn.ReLU(), nn.Linear(128, 4 * HOPS))
        self.slow = nn.Sequential(nn.Linear(2 * MEMORY, 64), nn.ReLU(), nn.Linear(64, len(SLOW)))
        self.rows = nn.Sequential(nn.Linear(2 * MEMORY, 160), nn.ReLU(), nn.Linear(160, 3 * ROWS))
        self.trust = nn.Linear(2 * MEMORY, 1)

    def forward(
        self, frame: Tensor, gap: Tensor, state_memory: Tensor, state_seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Rows, hops, slow, and the memory after; see `Eyed`."""
        batch, count = frame.shape[:2]
        cropped = frame[:, :, _CROP[0], _CROP[1]].flatten(0, 1)
        x = cropped.permute(0, 3, 1, 2).float() / 64.0 - 2.0
        read = self.picture(x).view(batch, count, -1).float()
        joined = functional.relu(read + self.late(0.3 * (gap - 1.0).clamp(max=10.0)))
        remembered, memory = self.memory(joined, state_memory)
        both = torch.cat([joined, remembered], -1)
        hops = self.hops(both).view(batch, count, HOPS, 4)
        inside, seen, width = self.rows(both).view(batch, count, 3, ROWS).unbind(2)
        trust = self.trust(both)
        with torch.autocast(frame.device.type, enabled=False):
            inside, radius = inside.float().sigmoid(), radii(width.float())
            rates = hops[..., 0].float().sigmoid() * hops[..., 1].float().clamp(max=6.0).exp()
            poured = rates.mean(-1, keepdim=True) * (0.1 * gap)
            volume = state_seen[:, None, :1] + poured.cumsum(1)
            part = trust.float().sigmoid()
            filled = part * seen.float().sigmoid() + (1 - part) * _filled(volume, inside, radius)
            rows = torch.stack([inside, filled, radius], 2)
        last = torch.cat([volume[:, -1], torch.ones_like(volume[:, -1])], -1)
        return rows, hops, self.slow(both), memory, last


def _filled(volume: Tensor, inside: Tensor, radius: Tensor) -> Tensor:
    """Part of each row, (B, T, ROWS), that lies below a volume (B, T, 1) [ml] from the bottom."""
    each = row_volumes(inside, radius)
    below = each.sum(-1, keepdim=True) - each.cumsum(-1)
    return inside * ((volume - below) / (each + 1e-3)).clamp(0.0, 1.0)
