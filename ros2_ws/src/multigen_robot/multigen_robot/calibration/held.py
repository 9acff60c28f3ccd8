"""Views of a board in the gripper, from a bag of images and joint states."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from multigen_core.arm import Arm, select_joints
from multigen_core.arm.kinematics import forward
from multigen_core.bags import BagReader
from multigen_core.contract import IMAGE, IMAGE_COMPRESSED, JOINT_STATES
from multigen_core.types import CameraCalibration, CameraFrame, to_nanoseconds
from multigen_robot.calibration.board import Board, CalibrationError
from multigen_robot.calibration.extrinsics import Array, board_in_camera
from multigen_robot.calibration.views import View, find_view

_STILL = 0.002
"""Greatest motion of a joint [rad] while the arm counts as still."""
_AROUND = to_nanoseconds(0.25)
"""It must be still this long before and after an image [ns]."""
_MOVED = 0.05
"""Least motion of some joint [rad] between two poses."""


def held_views(
    path: Path, arm: Arm, board: Board, camera: CameraCalibration
) -> tuple[list[View], list[Array], list[str]]:
    """Views, tool poses (4, 4), and refusals: one image of each pose at which the arm rested.

    Raises:
        CalibrationError: the bag holds no images or joint states.
    """
    with BagReader(path) as bag:
        states = [select_joints(item, arm.names) for item in bag.items(JOINT_STATES)]
        images = IMAGE_COMPRESSED if bag.count(IMAGE_COMPRESSED) else IMAGE
        if not states or not bag.count(images):
            raise CalibrationError(f"bag {path}: needs images and joint states")
        stamps = np.array([state.stamp for state in states])
        positions = np.array([state.positions for state in states])
        views: list[View] = []
        tools: list[Array] = []
        refused: list[str] = []
        last: Array | None = None
        for _, _, _, frame in bag.records(images):
            at = _rest(frame, stamps, positions)
            if at is None or (last is not None and np.abs(at - last).max() < _MOVED):
                continue
            last = at
            name = f"pose {len(views) + len(refused) + 1}"
            try:
                view = find_view(frame.rgb, board, name)
                board_in_camera(view, camera)
            except CalibrationError as error:
                refused.append(str(error))
                continue
            views.append(view)
            tools.append(forward(arm, at))
    return views, tools, refused


def _rest(frame: CameraFrame, stamps: np.ndarray, positions: Array) -> Array | None:
    """Mean joint positions around an image, None if the arm moved or was not measured."""
    first, last = np.searchsorted(stamps, [frame.stamp - _AROUND, frame.stamp + _AROUND])
    if first == 0 or last == len(stamps) or last - first < 3:
        return None
    near = positions[first:last]
    return np.asarray(near.mean(axis=0)) if np.ptp(near, axis=0).max() < _STILL else None
