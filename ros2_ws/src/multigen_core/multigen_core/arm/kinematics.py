"""Forward and inverse kinematics of an arm's chain.

Poses are homogeneous transforms (4, 4) from base_link.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
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
def _fixed(arm: Arm) -> tuple[Pose, Pose]:
    """Poses of the joints in their parents' frames, (J, 4, 4), and of the tool in the last's."""
    joints = np.array([_rpy(j.xyz, j.rpy) for j in arm.joints])
    return joints, _rpy(arm.tool_xyz, arm.tool_rpy)


def _turned(fixed: Pose, positions: NDArray[np.float64]) -> Pose:
    """Poses (J, 4, 4) of the joints' frames in their parents', turned by positions [rad], (J,)."""
    c, s = np.cos(positions)[:, None], np.sin(positions)[:, None]
    x, y = fixed[:, :, 0], fixed[:, :, 1]
    links = fixed.copy()
    links[:, :, 0], links[:, :, 1] = c * x + s * y, c * y - s * x
    return links


def frames(arm: Arm, positions: NDArray[np.float64]) -> list[Pose]:
    """Poses of the joints' frames and of the tool frame at joint positions [rad], (J,)."""
    fixed, tool = _fixed(arm)
    found = list(accumulate(_turned(fixed, positions), np.matmul))
    return [*found, found[-1] @ tool]


def forward(arm: Arm, positions: NDArray[np.float64]) -> Pose:
    """Pose of the tool frame at joint positions [rad], (J,)."""
    return frames(arm, positions)[-1]


def jacobian(arm: Arm, positions: NDArray[np.float64]) -> tuple[Pose, NDArray[np.float64]]:
    """Pose of the tool frame and its geometric Jacobian (6, J): linear over angular velocity."""
    *joints, at = frames(arm, positions)
    axis, origins = np.stack(joints)[:, :3, 2:].transpose(2, 0, 1)
    return at, np.vstack([np.cross(axis, at[:3, 3] - origins).T, axis.T])


class UnreachableError(MultigenError):
    """No joint positions within the limits reach the tool pose."""


def _step_within(
    arm: Arm,
    positions: NDArray[np.float64],
    J: NDArray[np.float64],
    error: NDArray[np.float64],
    damping: float,
) -> NDArray[np.float64]:
    """A damped Newton step of the free joints; joints at a limit may only move away from it."""
    free = np.ones(len(positions), bool)
    while True:
        K = J * free
        step = K.T @ np.linalg.solve(K @ K.T + max(damping, 1e-12) * np.eye(6), error)
        blocked = ((positions >= arm.upper) & (step > 0)) | ((positions <= arm.lower) & (step < 0))
        if not blocked.any():
            return step
        free &= ~blocked


_ITERATIONS = 200
_DAMPING = 1e-4
_STEP = 0.2


def inverse(
    arm: Arm, target: Pose, start: NDArray[np.float64], tolerance: float = 1e-6
) -> NDArray[np.float64]:
    """Joint positions [rad] near `start` that put the tool frame at `target`.

    Damped least-squares steps on the pose error, clipped to the limits (Nakamura and Hanafusa
    1986): each is the smallest joint motion, so the redundant joint stays near `start`.

    Raises:
        UnreachableError: the best solution misses by more than `tolerance` [m] or [rad].
    """
    positions = np.clip(start, arm.lower, arm.upper)
    miss = np.inf
    for _ in range(_ITERATIONS):
        at, J = jacobian(arm, positions)
        turn = Rotation.from_matrix(target[:3, :3] @ at[:3, :3].T).as_rotvec()
        error = np.concatenate([target[:3, 3] - at[:3, 3], turn])
        miss = float(np.abs(error).max())
        if miss < 1e-3 * tolerance:
            break
        damping = _DAMPING * min(1.0, float(error @ error) * 1e2)
        step = _step_within(arm, positions, J, error, damping)
        step *= min(1.0, _STEP / max(float(np.abs(step).max()), 1e-12))
        positions = np.clip(positions + step, arm.lower, arm.upper)
    if miss > tolerance:
        place = ", ".join(f"{v:.3f}" for v in target[:3, 3])
        raise UnreachableError(
            f"{arm.name} cannot reach ({place}) m in base_link with that orientation: "
            f"misses by {miss:.3f}"
        )
    return positions
