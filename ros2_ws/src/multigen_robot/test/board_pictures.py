"""Exact pictures of a ChArUco board through a distorting lens."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from multigen_core.arm.kinematics import pose as homogeneous
from multigen_core.types import CameraCalibration
from multigen_core.world.lens import rays
from multigen_robot.calibration.board import Board

LENS = CameraCalibration(
    640, 480, np.array([[603.0, 0, 327.5], [0, 598.0, 233.0], [0, 0, 1]]),
    (-0.21, 0.09, 0.0011, -0.0007, 0.0),
)  # fmt: skip
_DOTS = 60
_FINER = 2


@cache
def _directions(lens: CameraCalibration) -> np.ndarray:
    x, y = np.meshgrid(np.arange(lens.width * _FINER), np.arange(lens.height * _FINER))
    return rays((np.column_stack([x.ravel(), y.ravel()]) + 0.5) / _FINER - 0.5, lens)


def picture(board: Board, pose: np.ndarray, lens: CameraCalibration, seed: int = 0) -> np.ndarray:
    """What a camera with `lens` sees of a board at `pose` (4, 4) in its optical frame, RGB."""
    width, height = lens.width * _FINER, lens.height * _FINER
    directions = _directions(lens)
    normal, origin = pose[:3, 2], pose[:3, 3]
    with np.errstate(divide="ignore"):
        depth = (normal @ origin) / (directions @ normal)
    across = (depth[:, None] * directions - origin) @ pose[:3, :2]
    texture = np.pad(board.draw(_DOTS), _DOTS // 2, constant_values=235)
    scale = _DOTS / board.square
    # Centres of texels have whole coordinates, and y runs down the page.
    u = across[:, 0] * scale - 0.5 + _DOTS // 2
    v = (board.size[1] - across[:, 1]) * scale - 0.5 + _DOTS // 2
    u[depth < 0] = -1e6
    shape = (height, width)
    fine = cv2.remap(
        texture, u.reshape(shape).astype(np.float32), v.reshape(shape).astype(np.float32),
        cv2.INTER_LINEAR, borderValue=110,
    )  # fmt: skip
    grey = cv2.resize(fine, (lens.width, lens.height), interpolation=cv2.INTER_AREA)
    noise = 2.0 * np.random.default_rng(seed).standard_normal(grey.shape)
    grey = np.clip(0.8 * grey + 20 + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def facing(board: Board, shift: tuple, tilt: tuple) -> np.ndarray:
    """Pose of a board whose middle is at `shift` [m], facing the camera but for a tilt [deg]."""
    turn = Rotation.from_euler("xyz", tilt, degrees=True) * Rotation.from_euler("x", np.pi)
    centre = np.append(board.size / 2, 0.0)
    return homogeneous(np.asarray(shift) - turn.apply(centre), turn)


def many(board: Board, count: int, seed: int = 1) -> list[np.ndarray]:
    """Poses all over the image, tilted to all sides."""
    rng = np.random.default_rng(seed)
    return [
        facing(
            board,
            (*rng.uniform([-0.12, -0.09], [0.12, 0.09]), rng.uniform(0.35, 0.6)),
            (*rng.uniform(-40, 40, 2), rng.uniform(-60, 60)),
        )
        for _ in range(count)
    ]
