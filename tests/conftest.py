"""What tests of the whole graph share."""

import cv2
import numpy as np
import pytest

from multigen_core import contract
from multigen_core.arm import Arm, select_joints
from multigen_core.guard.upright import Upright
from multigen_core.ros.endpoints import subscribe


@pytest.fixture
def vessel(peer):
    """Tells the vessel's last measured tilt [rad]; 0 before the first."""
    arm = Arm.load()
    upright = Upright(arm)
    joints = []
    subscribe(peer, contract.JOINT_STATES, joints.append)

    def tilt():
        return upright.tilt(select_joints(joints[-1], arm.names).positions) if joints else 0.0

    return tilt


@pytest.fixture
def small_video(tmp_path):
    """A camera that leaves the processor to the rest."""
    path = tmp_path / "small.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    for index in range(40):
        writer.write(np.full((120, 160, 3), 60 + index % 5, np.uint8))
    writer.release()
    return path


@pytest.fixture
def patient(tmp_path):
    """Parameters for busy machines: late commands would end the pour, as they should on a robot.

    Old joints are none to act on all the same: the plan would run away from them.
    """
    path = tmp_path / "patient.yaml"
    path.write_text("""
/**/arm_guard: {ros__parameters: {command_timeout: 3.0, state_timeout: 1.0}}
/**/camera: {ros__parameters: {image_width: 0, image_height: 0, framerate: 0.0}}
""")
    return path
