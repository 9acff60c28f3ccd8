import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import JointState
from multigen_core.world.scene import Scene


@pytest.fixture(scope="session")
def arm():
    return Arm.load()


@pytest.fixture(scope="session")
def scene():
    return Scene()


@pytest.fixture(scope="session")
def path(arm, scene):
    return plan_pour(Station.of(scene, arm, Told.TARGET))


@pytest.fixture
def joints(arm, path):
    """Makes the joint state of a moment."""

    def make(stamp, positions=None):
        at = path.at(0.0) if positions is None else positions
        return JointState(stamp, arm.names, np.asarray(at, float), np.zeros(len(arm.names)))

    return make
