"""What tests of the whole graph share."""

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
