"""The eye's network: from frames to a vessel's rows, the flow into it, and what both are."""

from __future__ import annotations

import itertools
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from multigen_audio.flow.sight import HOPS, PIXEL, ROWS, SLOW
from multigen_core.simulator import View

PICTURES: dict[View, tuple[int, int]] = {"cutaway": (128, 160), "public": (120, 160)}
"""Heights and widths [px] of what the network takes."""
MEMORY = 160
_MILLILITRES = 1e6


def _block(conv: nn.Conv1d | nn.Conv2d) -> tuple[nn.Module, ...]:
    norm = nn.BatchNorm2d if isinstance(conv, nn.Conv2d) else nn.BatchNorm1d
    return conv, norm(conv.out_channels), nn.ReLU()


def _compressed(x: Tensor) -> Tensor:
    return x.sign() * x.abs().log1p()


class Rows(nn.Module):
    """Blocks along the rows, which see far up and down."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.block = nn.Sequential(*_block(conv))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ROWS) to the same."""
        return x + self.block(x)


class Section(nn.Module):
    """Reads the hearing view's target, row by row at full resolution, folded at its axis."""

    def __init__(self, rows: int = 96, features: int = 128) -> None:
        super().__init__()
        self.strips = nn.Sequential(
            *_block(nn.Conv2d(6, 24, 3, (1, 2), 1, bias=False)),
            *_block(nn.Conv2d(24, 24, 3, (1, 2), 1, bias=False)),
        )
        self.flat = nn.Sequential(*_block(nn.Conv1d(240, rows, 3, padding=1, bias=False)))
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
        x = self.far(x + self.context(features)[..., None])
        return self.rows(x), features


class Scene(nn.Module):
    """Reads a picture coarsely."""

    def __init__(self, size: tuple[int, int], features: int = 96) -> None:
        super().__init__()
        widths = (3, 16, 24, 32, 48)
        pairs = itertools.pairwise(widths)
        blocks = [_block(nn.Conv2d(a, b, 3, 2, 1, bias=False)) for a, b in pairs]
        self.convs = nn.Sequential(*itertools.chain(*blocks))
        self.features = nn.Linear(48 * (size[0] // 16) * (size[1] // 16), features)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to features (N, F)."""
        return functional.relu(self.features(self.convs(x).flatten(1)))


class EyeNetwork(nn.Module):
    """Causal: sequences of frames, or one by one with its memory handed on.

    Rows hold inside, filled, and radius [rows]; hops hold, for the HOPS up to each frame, the logit
    of flow, the logarithm of flow [ml/s], and the same of what misses.
    """

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view, self.size = view, PICTURES[view]
        self.target = Section()
        self.source = Scene((128, 80))
        self.join = nn.Linear(128 + 96 + 7, MEMORY)
        self.memory = nn.GRU(MEMORY, MEMORY, batch_first=True)
        self.hops = nn.Sequential(nn.Linear(2 * MEMORY, 128), nn.ReLU(), nn.Linear(128, 4 * HOPS))
        self.slow = nn.Sequential(nn.Linear(2 * MEMORY, 64), nn.ReLU(), nn.Linear(64, len(SLOW)))

    def forward(
        self, frame: Tensor, gap: Tensor, state_memory: Tensor, state_seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Rows (B, T, 3, ROWS), hops (B, T, HOPS, 4), slow (B, T, S), and the memory after.

        Args:
            frame: (B, T, 128, 160, 3), 0 to 255.
            gap: (B, T, 1), frame periods since the frame before.
            state_memory: (1, B, MEMORY).
            state_seen: (B, 2): volume in the target [ml] last seen, and 1 once it was.
        """
        batch, count = frame.shape[:2]
        x = frame.flatten(0, 1).permute(0, 3, 1, 2).float() / 64.0 - 1.7
        logits, target = self.target(x[..., 80:])
        source = self.source(x[..., :80])
        with torch.autocast(frame.device.type, enabled=False):
            logits = logits.float().view(batch, count, 3, ROWS)
            rows = torch.stack(
                [logits[:, :, 0].sigmoid(), logits[:, :, 1].sigmoid(),
                 10.0 * functional.softplus(logits[:, :, 2] * 0.3)], 2
            )  # fmt: skip
            volume, known = self._volumes(rows)
            before = torch.cat([state_seen[:, None, :1], volume[:, :-1]], 1)
            seen = torch.ones_like(volume)
            seen = torch.cat([state_seen[:, None, 1:], seen[:, :-1]], 1)
            rise = seen * (volume - before) / (0.1 * gap)
            late = 0.3 * (gap - 1.0).clamp(max=10.0)
            extra = torch.cat([_compressed(rise / 5.0), _compressed(rise / 50.0), known, late], -1)
        joined = torch.cat(
            [target.view(batch, count, -1).float(), source.view(batch, count, -1).float(), extra],
            -1,
        )
        joined = functional.relu(self.join(joined))
        remembered, memory = self.memory(joined, state_memory)
        both = torch.cat([joined, remembered], -1)
        hops = self.hops(both).view(batch, count, HOPS, 4)
        last = torch.cat([volume[:, -1], torch.ones_like(volume[:, -1])], -1)
        return rows, hops, self.slow(both), memory, last

    def folded(self) -> EyeNetwork:
        """A copy to run, not to train, whose convolutions have taken their norms in."""
        copy = deepcopy(self).eval()
        for module in [m for m in copy.modules() if isinstance(m, nn.Sequential)]:
            for index in range(len(module) - 1):
                conv, norm = module[index], module[index + 1]
                if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                    module[index] = fuse_conv_bn_eval(conv, norm)
                    module[index + 1] = nn.Identity()
        return copy

    def _volumes(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Volume (B, T, 1) [ml], and (B, T, 4): level, height, radius at the surface, fill."""
        inside, filled, radius = rows.unbind(2)
        area = radius**2 * (torch.pi * PIXEL**3 * _MILLILITRES)
        volume = (filled * area).sum(-1, keepdim=True)
        level, height = filled.sum(-1, keepdim=True), inside.sum(-1, keepdim=True)
        surface = (filled * (1 - filled) + 1e-3 * inside) * area
        width = surface.sum(-1, keepdim=True)
        known = torch.cat([level / 40, height / 60, width, level / (height + 1.0)], -1)
        return volume, known
