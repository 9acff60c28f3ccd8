"""Layers shared by the eye's networks for both views."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from copy import deepcopy
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from multigen_audio.flow.sight import PIXEL
from multigen_core.simulator import View

MEMORY = 160
"""Values that an eye remembers."""
_MILLILITRES = 1e6


def block(conv: nn.Conv1d | nn.Conv2d) -> tuple[nn.Module, ...]:
    """A convolution without bias, normalised and rectified."""
    norm = nn.BatchNorm2d if isinstance(conv, nn.Conv2d) else nn.BatchNorm1d
    return conv, norm(conv.out_channels), nn.ReLU()


class Coarse(nn.Module):
    """Reads a picture coarsely: the first block takes every `stride` pixels, all others halve."""

    def __init__(
        self, size: tuple[int, int], widths: Sequence[int], features: int, stride: int = 2
    ) -> None:
        super().__init__()
        first = nn.Conv2d(3, widths[0], stride + 1, stride, stride // 2, bias=False)
        pairs = itertools.pairwise(widths)
        others = [nn.Conv2d(a, b, 3, 2, 1, bias=False) for a, b in pairs]
        self.convs = nn.Sequential(*itertools.chain(*map(block, (first, *others))))
        height, width = (-(-side // (stride * 2 ** len(others))) for side in size)
        self.features = nn.Linear(widths[-1] * height * width, features)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to features (N, F)."""
        return functional.relu(self.features(self.convs(x).flatten(1)))


def row_volumes(inside: Tensor, radius: Tensor) -> Tensor:
    """What rows hold [ml], from the part of them inside the vessel and radius [rows]."""
    return inside * radius**2 * (torch.pi * PIXEL**3 * _MILLILITRES)


def radii(values: Tensor) -> Tensor:
    """Radii [rows] from anything."""
    return 10.0 * functional.softplus(values * 0.3)


def compressed(x: Tensor) -> Tensor:
    """The logarithm of large values of either sign, small ones as they are."""
    return x.sign() * x.abs().log1p()


class Eyed(nn.Module):
    """Causal: sequences of frames, or one by one with its memory handed on.

    From `frame` (B, T, H, W, 3) in 0…255, `gap` (B, T, 1), frame periods since the frame before,
    `state_memory` (1, B, MEMORY) and `state_seen` (B, `seen`) it tells rows (B, T, 3, ROWS):
    inside, filled, radius [rows]; hops (B, T, HOPS, 4), for the HOPS up to each frame the logit of
    flow, the logarithm of flow [ml/s], and the same of what misses; slow (B, T, S); and its memory
    after.
    """

    view: View
    size: tuple[int, int]
    seen = 2

    def folded(self) -> Self:
        """A copy to run, not to train, whose convolutions have taken their norms in."""
        copy = deepcopy(self).eval()
        for module in [m for m in copy.modules() if isinstance(m, nn.Sequential)]:
            for index in range(len(module) - 1):
                conv, norm = module[index], module[index + 1]
                if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                    assert isinstance(conv, nn.Conv1d | nn.Conv2d)
                    module[index] = fuse_conv_bn_eval(conv, norm)
                    module[index + 1] = nn.Identity()
        return copy
