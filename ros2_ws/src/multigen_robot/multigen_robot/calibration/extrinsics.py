"""Where a fixed camera is, from views of a board at known places or in the gripper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from multigen_core.arm.kinematics import pose as homogeneous
from multigen_core.types import CameraCalibration
from multigen_core.world.lens import project, rays
from multigen_robot.calibration.board import CalibrationError
from multigen_robot.calibration.views import View

Array = NDArray[np.float64]

FEWEST_POSES = 6
_TURNED = 20.0
"""Least angle [deg] by which the gripper must turn, about two axes."""
_WRONG = 3.0
"""Greatest residual [px]: beyond it something is not as it was told."""
_AMBIGUOUS = 2.0
"""A flat board has two poses; the residuals must differ by this factor."""
_CLEAR = 0.15
"""Greatest residual [px] of the second pose at which both are too good to tell apart."""
_APART = np.radians(3.0)
"""Poses closer than this [rad] are one."""


@dataclass(frozen=True, eq=False)
class Extrinsics:
    """The camera's optical frame in base_link, (4, 4), with residuals (root mean square).

    `residual_mm` is at the board. `position_error` [m] and `angle_error` [rad] are standard
    deviations. `board` (4, 4) is the board's pose in the gripper's tool frame, if it was held.
    """

    pose: Array
    residual_px: float
    residual_mm: float
    position_error: float
    angle_error: float
    board: Array | None = None


def board_in_camera(view: View, camera: CameraCalibration) -> Array:
    """Pose of the board in the optical frame, (4, 4).

    Raises:
        CalibrationError: two poses explain the view equally well.
    """
    straight = np.ascontiguousarray(rays(view.pixels, camera)[:, :2])
    _, turns, shifts, errors = cv2.solvePnPGeneric(
        view.points, straight, np.eye(3), None, flags=cv2.SOLVEPNP_IPPE
    )
    errors = np.ravel(errors) * camera.matrix[0, 0]
    first, *others = (Rotation.from_rotvec(np.ravel(turn)) for turn in turns)
    if any(
        error < max(_AMBIGUOUS * errors[0], _CLEAR) and (first.inv() * other).magnitude() > _APART
        for other, error in zip(others, errors[1:], strict=True)
    ):
        raise CalibrationError(
            f"{view.name}: the board's tilt is ambiguous; come closer, or look at it less from "
            "the front"
        )
    turn, shift = cv2.solvePnPRefineLM(view.points, straight, np.eye(3), None, turns[0], shifts[0])
    return homogeneous(np.ravel(shift), Rotation.from_rotvec(np.ravel(turn)))


def locate(views: list[View], boards: list[Array], camera: CameraCalibration) -> Extrinsics:
    """The camera from views of boards at known poses in base_link, (4, 4) each.

    Raises:
        CalibrationError: the views contradict each other or what was told.
    """
    start = boards[0] @ np.linalg.inv(board_in_camera(views[0], camera))

    def residuals(x: Array) -> Array:
        into = np.linalg.inv(_moved(start, x))
        seen = [
            _miss(view, into @ board, camera) for view, board in zip(views, boards, strict=True)
        ]
        return np.concatenate(seen)

    return _solve(residuals, start, views, camera)


def locate_by_gripper(
    views: list[View], tools: list[Array], camera: CameraCalibration
) -> Extrinsics:
    """The camera from views of a board that the gripper holds, at tool poses (4, 4) in base_link.

    Raises:
        CalibrationError: too few or too similar poses, or the board slipped.
    """
    if len(views) < FEWEST_POSES:
        raise CalibrationError(f"{len(views)} usable poses, {FEWEST_POSES} needed")
    _check_turns(tools)
    seen = [board_in_camera(view, camera) for view in views]
    pose, held = _robot_world(tools, seen)

    def residuals(x: Array) -> Array:
        into, grip = np.linalg.inv(_moved(pose, x[:6])), _moved(held, x[6:])
        misses = [
            _miss(view, into @ tool @ grip, camera) for view, tool in zip(views, tools, strict=True)
        ]
        return np.concatenate(misses)

    return _solve(residuals, pose, views, camera, held)


def _moved(pose: Array, x: Array) -> Array:
    """A pose displaced by x: shift [m] and rotation vector [rad] in its own frame."""
    return np.asarray(pose @ homogeneous(x[:3], Rotation.from_rotvec(x[3:6])))


def _miss(view: View, pose: Array, camera: CameraCalibration) -> Array:
    """Pixels (2 N,) by which the corners miss where a board at `pose` would show them."""
    points = view.points @ pose[:3, :3].T + pose[:3, 3]
    return np.ravel(project(points, camera) - view.pixels)


def _solve(
    residuals: Callable[[Array], Array],
    start: Array,
    views: list[View],
    camera: CameraCalibration,
    held: Array | None = None,
) -> Extrinsics:
    unknowns = 6 if held is None else 12
    fit = least_squares(residuals, np.zeros(unknowns), loss="huber", f_scale=1.0, x_scale="jac")
    misses = residuals(fit.x)
    rms = float(np.sqrt(2 * np.mean(misses**2)))
    pose = _moved(start, fit.x[:6])
    if rms > _WRONG:
        worst = _worst(misses, views)
        raise CalibrationError(
            f"residual {rms:.1f} px, worst in {worst}: check the board's pose and size as told, "
            "and that neither it nor the camera moved"
        )
    variance = (misses**2).sum() / max(1, len(misses) - unknowns)
    spread = np.sqrt(np.diag(np.linalg.pinv(fit.jac.T @ fit.jac)) * variance)
    distance = np.median([board_in_camera(view, camera)[2, 3] for view in views])
    return Extrinsics(
        pose,
        rms,
        1e3 * rms * float(distance) / camera.matrix[0, 0],
        float(np.linalg.norm(spread[:3])),
        float(np.linalg.norm(spread[3:6])),
        None if held is None else _moved(held, fit.x[6:]),
    )


def _worst(misses: Array, views: list[View]) -> str:
    ends = np.cumsum([2 * len(view.pixels) for view in views])[:-1]
    return views[int(np.argmax([np.mean(part**2) for part in np.split(misses, ends)]))].name


def _check_turns(tools: list[Array]) -> None:
    turns = np.array(
        [Rotation.from_matrix(tools[0][:3, :3].T @ tool[:3, :3]).as_rotvec() for tool in tools]
    )
    spread = np.degrees(np.linalg.svd(turns - turns.mean(axis=0), compute_uv=False))
    if spread[1] < _TURNED:
        raise CalibrationError(
            "the gripper turns about one axis only, or hardly; turn it by 30° about two axes "
            "between poses"
        )


def _robot_world(tools: list[Array], seen: list[Array]) -> tuple[Array, Array]:
    """Camera in base and board in tool, X and Y with tool_i Y = X seen_i, in the linear sense."""
    # Row-major vec: vec(A Y) = (A ⊗ I) vec(Y), vec(X B) = (I ⊗ Bᵀ) vec(X).
    system = np.concatenate(
        [
            np.hstack([np.kron(A[:3, :3], np.eye(3)), -np.kron(np.eye(3), B[:3, :3].T)])
            for A, B in zip(tools, seen, strict=True)
        ]
    )
    solution = np.linalg.svd(system)[2][-1]
    Y, X = (_nearest(part.reshape(3, 3), solution) for part in (solution[:9], solution[9:]))
    left = np.concatenate([np.hstack([tool[:3, :3], -np.eye(3)]) for tool in tools])
    right = np.concatenate(
        [X @ board[:3, 3] - tool[:3, 3] for tool, board in zip(tools, seen, strict=True)]
    )
    shift = np.linalg.lstsq(left, right, rcond=None)[0]
    return (
        homogeneous(shift[3:], Rotation.from_matrix(X)),
        homogeneous(shift[:3], Rotation.from_matrix(Y)),
    )


def _nearest(matrix: Array, solution: Array) -> Array:
    """The rotation nearest to a matrix known up to a factor that makes both determinants 1."""
    sign = np.sign(np.linalg.det(solution[9:].reshape(3, 3)))
    U, _, V = np.linalg.svd(sign * matrix)
    return np.asarray(U @ np.diag([1, 1, np.linalg.det(U @ V)]) @ V)
