import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward
from multigen_core.guard.upright import Upright
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene


@pytest.fixture(scope="module")
def arm():
    return Arm.load("gen3")


@pytest.fixture(scope="module")
def path(arm):
    return plan_pour(Station.of(Scene(), arm))


def test_home_is_upright(arm):
    assert Upright(arm).tilt(arm.home) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("tilt", [0.0, 0.3, 1.2, 2.2])
def test_tilt_of_a_pour_is_its_angle(arm, path, tilt):
    assert Upright(arm).tilt(path.at(tilt)) == pytest.approx(tilt, abs=1e-4)


def test_turning_joint_1_tilts_nothing(arm):
    assert Upright(arm).tilt(arm.home + np.array([1.0, 0, 0, 0, 0, 0, 0])) < 1e-9


@pytest.mark.parametrize("tilt", [0.1, 0.8, 1.6, 2.2])
def test_levelling_never_tilts_further_and_keeps_the_tool_in_place(arm, path, tilt):
    upright = Upright(arm)
    poses = upright.levelling(path.at(tilt))
    tilts = [upright.tilt(pose) for pose in poses]
    assert tilts[-1] < 1e-3
    assert (np.diff(tilts) < 1e-6).all()
    origins = np.array([forward(arm, pose)[:3, 3] for pose in poses])
    assert np.abs(origins - origins[0]).max() < 2e-3
    assert np.abs(np.diff(poses, axis=0)).max() < 0.1


def test_an_upright_pose_needs_no_levelling(arm):
    assert len(Upright(arm).levelling(arm.home)) == 1
