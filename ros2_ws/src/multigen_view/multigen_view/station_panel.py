"""Arm and vessels in 3D."""

from __future__ import annotations

import numpy as np
import rerun as rr
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from multigen_core.arm.description import select_joints
from multigen_core.arm.kinematics import frames
from multigen_core.contract import JOINT_STATES, LIQUID_STATE, Topic
from multigen_core.station import Station
from multigen_core.types import JointState, LiquidState
from multigen_view.lathe import content, glass

WORLD = "world"
_RADIUS = 0.035
_TOOL_RADIUS = 0.015
_ARM_COLOUR = (205, 208, 215)
_STEP = 5e-4
"""Rise of the level that is worth drawing [m]."""
_IN_TOOL = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
"""Rotation of a held vessel's frame, z along its axis, in the tool's."""


class StationPanel:
    """The arm as measured, the held vessel, and the target with the simulated liquid."""

    topics = (JOINT_STATES, LIQUID_STATE)

    def __init__(self, recording: rr.RecordingStream, station: Station) -> None:
        self._recording = recording
        self.place(station)

    def place(self, station: Station) -> None:
        """Draw what stands still."""
        self._station = station
        self._level = -np.inf
        log = self._recording.log
        log(WORLD, rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        radii = [_RADIUS] * len(station.arm.joints) + [_TOOL_RADIUS]
        style = rr.Capsules3D.from_fields(
            radii=radii, colors=[_ARM_COLOUR], fill_mode=rr.components.FillMode.Solid
        )
        log(f"{WORLD}/arm", style, static=True)
        held = station.held
        if held is not None:
            # The tool's y axis is the vessel's, upwards.
            place = rr.Transform3D(translation=[0, -held.grasp_height, 0], mat3x3=_IN_TOOL)
            log(f"{WORLD}/tool/held", place, static=True)
            log(f"{WORLD}/tool/held", glass(held.vessel), static=True)
        if station.position is not None:
            place = rr.Transform3D(translation=station.position)
            log(f"{WORLD}/target", place, static=True)
        if station.target is not None:
            log(f"{WORLD}/target", glass(station.target), static=True)

    def take(self, topic: Topic, item: JointState | LiquidState) -> None:
        if isinstance(item, LiquidState):
            self._fill(item.target_level)
            return
        arm = self._station.arm
        poses = frames(arm, select_joints(item, arm.names).positions)
        origins = np.array([np.zeros(3), *(pose[:3, 3] for pose in poses)])
        tool = poses[-1]
        self._recording.log(f"{WORLD}/arm", _links(origins))
        self._recording.log(
            f"{WORLD}/tool", rr.Transform3D(translation=tool[:3, 3], mat3x3=tool[:3, :3])
        )

    def _fill(self, level: float) -> None:
        vessel = self._station.target
        if vessel is not None and abs(level - self._level) > _STEP:
            self._level = level
            self._recording.log(f"{WORLD}/target/liquid", content(vessel, level))


def _links(origins: NDArray[np.float64]) -> rr.Capsules3D:
    """Capsules between successive points (N, 3) [m]."""
    ways = np.diff(origins, axis=0)
    lengths = np.linalg.norm(ways, axis=1)
    up = ways / np.maximum(lengths, 1e-9)[:, None]
    # The shortest turn of +Z onto each way; straight down needs an axis of its own.
    axes = np.cross([0.0, 0.0, 1.0], up)
    sines = np.linalg.norm(axes, axis=1)
    axes[sines < 1e-9] = [1.0, 0.0, 0.0]
    angles = np.arctan2(sines, up[:, 2])
    turns = Rotation.from_rotvec(axes / np.linalg.norm(axes, axis=1)[:, None] * angles[:, None])
    return rr.Capsules3D.from_fields(
        lengths=lengths, translations=origins[:-1], quaternions=turns.as_quat()
    )
