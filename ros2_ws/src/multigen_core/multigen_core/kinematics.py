"""Forward and inverse kinematics of an arm's chain, and joint paths that pour.

Poses are homogeneous transforms (4, 4) from base_link.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError

Pose = NDArray[np.float64]


def pose(xyz: NDArray[np.float64] | tuple[float, ...], rotation: Rotation) -> Pose:
    """A homogeneous transform."""
    transform = np.eye(4)
    transform[:3, :3] = rotation.as_matrix()
    transform[:3, 3] = xyz
    return transform


def _rpy(xyz: tuple[float, float, float], rpy: tuple[float, float, float]) -> Pose:
    return pose(xyz, Rotation.from_euler("xyz", rpy))


@cache
def _fixed(arm: Arm) -> tuple[tuple[Pose, ...], Pose]:
    return tuple(_rpy(j.xyz, j.rpy) for j in arm.joints), _rpy(arm.tool_xyz, arm.tool_rpy)


def forward(arm: Arm, positions: NDArray[np.float64]) -> Pose:
    """Pose of the tool frame at joint positions [rad], (J,)."""
    fixed, tool = _fixed(arm)
    transform = np.eye(4)
    for link, angle in zip(fixed, positions, strict=True):
        c, s = np.cos(angle), np.sin(angle)
        transform = transform @ link
        transform[:3, :2] = transform[:3, :2] @ np.array([[c, -s], [s, c]])
    return transform @ tool


class UnreachableError(MultigenError):
    """No joint positions within the limits put the tool where it should be."""


def inverse(
    arm: Arm, target: Pose, start: NDArray[np.float64], tolerance: float = 1e-4
) -> NDArray[np.float64]:
    """Joint positions [rad] near `start` that put the tool frame at `target`.

    Damped least squares on the pose error; a weak pull towards `start` settles the redundant joint.

    Raises:
        UnreachableError: the best solution misses by more than `tolerance` [m] or [rad].
    """
    goal_rotation = Rotation.from_matrix(target[:3, :3])

    def error(q: NDArray[np.float64]) -> NDArray[np.float64]:
        at = forward(arm, q)
        turn = (goal_rotation * Rotation.from_matrix(at[:3, :3]).inv()).as_rotvec()
        return np.concatenate([at[:3, 3] - target[:3, 3], turn])

    def residual(q: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([error(q), 1e-3 * (q - start)])

    bounds = (np.maximum(arm.lower, -1e3), np.minimum(arm.upper, 1e3))
    guess = np.clip(start, bounds[0] + 1e-9, bounds[1] - 1e-9)
    coarse = least_squares(residual, guess, bounds=bounds, xtol=1e-12, ftol=1e-12).x
    solution = least_squares(error, coarse, bounds=bounds, xtol=1e-12, ftol=1e-12).x
    miss = np.abs(error(solution)).max()
    if miss > tolerance:
        raise UnreachableError(
            f"{arm.name} cannot reach ({', '.join(f'{v:.3f}' for v in target[:3, 3])}) m in base_link "
            f"with that orientation: misses by {miss:.3f}"
        )
    return solution
