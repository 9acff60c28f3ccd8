"""How the arm moves."""

from __future__ import annotations

import numpy as np
import rerun as rr

from multigen_core.arm import Arm
from multigen_core.arm.description import select_joints
from multigen_core.contract import JOINT_STATES, Topic
from multigen_core.types import JointState

JOINTS = "joints"


class Joints:
    """Positions of the arm's joints [°]."""

    topics = (JOINT_STATES,)

    def __init__(self, recording: rr.RecordingStream, arm: Arm) -> None:
        self._recording = recording
        self._arm = arm
        recording.log(JOINTS, rr.SeriesLines(names=list(arm.names)), static=True)

    def take(self, topic: Topic, item: JointState) -> None:
        positions = select_joints(item, self._arm.names).positions
        self._recording.log(JOINTS, rr.Scalars(np.degrees(positions)))
