"""Where the target stands in the public camera's picture: how to tell, and what to cut out there.

A place is six numbers: column and row [px] of the axis at the foot and at the rim, and the
logarithms of the picture's scale [px/m] along the axis and across it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from multigen_audio.flow.networks.layers import block
from multigen_audio.flow.picture import SIZES
from multigen_core.world.scene import CameraSpec
from multigen_core.world.vessel import Vessel

PLACE = 6
_HEIGHT, _WIDTH = SIZES["public"]
_USUAL, _SPREAD = 6.4, 0.1
"""Of the scales' logarithms."""
_CELL = 8


def place(camera: CameraSpec, target: Vessel, position: tuple[float, ...]) -> NDArray[np.float32]:
    """The place, (PLACE,), of a target that stands at `position` [m] in base_link."""
    into = np.linalg.inv(camera.pose)
    matrix = camera.calibration.matrix
    heights = np.array([0.0, 0.5, 1.0])[:, None] * [0.0, 0.0, target.rim_height]
    points = (np.subtract(position, camera.calibration_error) + heights) @ into[:3, :3].T
    points += into[:3, 3]
    foot, _, rim = (points @ matrix.T)[:, :2] / points[:, 2:]
    along = np.linalg.norm(rim - foot) / target.rim_height
    across = matrix[0, 0] / points[1, 2]
    return np.array([*foot, *rim, np.log(along), np.log(across)], np.float32)


def moved(
    place: NDArray[np.float32], zoom: float, shift: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The place after the picture is zoomed about its first pixel and shifted [px]."""
    ends = place[:4].reshape(2, 2) * zoom + shift
    return np.append(ends, place[4:] + np.log(zoom)).astype(np.float32)


class Finder(nn.Module):
    """Finds the place: its ends where two heat maps are warm, the scales from all there is."""

    cells: Tensor

    def __init__(self, features: int = 128) -> None:
        super().__init__()
        self.near = nn.Sequential(
            *block(nn.Conv2d(3, 16, 3, 1, 1, bias=False)),
            *block(nn.Conv2d(16, 32, 3, 2, 1, bias=False)),
        )
        self.far = nn.Sequential(
            *block(nn.Conv2d(32, 48, 3, 2, 1, bias=False)),
            *block(nn.Conv2d(48, 64, 3, 2, 1, bias=False)),
            *block(nn.Conv2d(64, 32, 3, 1, 1, bias=False)),
        )
        self.features = nn.Linear(32 * 80, features)
        self.scales = nn.Linear(features, 2)
        self.context = nn.Linear(features, 48)
        self.beside = nn.Conv2d(32, 48, 1)
        self.detail = nn.Conv2d(32, 48, 3, 1, 1)
        self.heat = nn.Conv2d(48, 2, 3, 1, 1)
        columns, rows = torch.arange(_WIDTH // _CELL), torch.arange(_HEIGHT // _CELL)
        cells = torch.cartesian_prod(rows, columns).flip(1)
        self.register_buffer("cells", (cells + 0.5) * _CELL - 0.5, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (N, 3, H, W) to places (N, PLACE), and the logits of heat (N, 2, cells)."""
        near = self.near(functional.avg_pool2d(x, 4))
        far = self.far(near)
        features = functional.relu(self.features(far.flatten(1)))
        around = functional.interpolate(self.beside(far), scale_factor=4.0)[
            :, :, : _HEIGHT // _CELL
        ]
        joined = self.detail(near) + around + self.context(features)[..., None, None]
        heat = self.heat(functional.relu(joined)).float().flatten(2)
        ends = (heat.softmax(-1) @ self.cells).flatten(1)
        scales = _USUAL + _SPREAD * self.scales(features).float()
        return torch.cat([ends, scales], 1), heat

    def coldness(self, heat: Tensor, place: Tensor) -> Tensor:
        """How far heat is from a spot of a cell's size at the true ends: the cross-entropy."""
        ends = place[:, :4].view(-1, 2, 1, 2)
        spot = (-((self.cells - ends) ** 2).sum(-1) / (2 * _CELL**2)).softmax(-1)
        return -(spot * heat.log_softmax(-1)).sum(-1).mean()


def cut(x: Tensor, place: Tensor, up: Tensor, across: Tensor, from_rim: bool) -> Tensor:
    """What pictures show `up` (H,) the axis [m], from foot or rim, and `across` (W,) it [m].

    From pictures (N, 3, h, w) of any size, and places (N, PLACE) in the view's size, it cuts
    (N, 3, H, W).
    """
    foot, rim = place[:, :2], place[:, 2:4]
    axis = functional.normalize(rim - foot, dim=1) * place[:, 4:5].exp()
    start = rim if from_rim else foot
    ends = start[:, None] + up[:, None] * axis[:, None]
    columns = ends[:, :, None, 0] + across * place[:, 5, None, None].exp()
    rows = ends[:, :, None, 1].expand_as(columns)
    size = columns.new_tensor([_WIDTH, _HEIGHT])
    grid = (2.0 * torch.stack([columns, rows], -1) + 1.0) / size - 1.0
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
