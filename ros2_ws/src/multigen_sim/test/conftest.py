import numpy as np
import pytest

from multigen_core.pour_path import lip_positions
from multigen_core.scene import HydraulicsSpec
from multigen_core.vessel import Vessel, liquid, vessel
from multigen_sim.hydraulics import Hydraulics
from multigen_sim.vessel_pose import VesselPose

POSITION = np.array([0.65, 0.12, 0.0])
STEP = 0.005


def make_vessel(profile, wall=0.002):
    return Vessel(
        name="test",
        description="for tests",
        profile=profile,
        wall=wall,
        mass=0.1,
        material="glass",
        opaque=False,
    )


def pose_at(source, target, tilt, position=POSITION):
    lip = lip_positions(source, position, np.array([tilt]), target)[0]
    axis = np.array([0.0, np.sin(tilt), np.cos(tilt)])
    outward = np.array([0.0, np.cos(tilt), -np.sin(tilt)])
    return VesselPose(lip - source.mouth_radius * outward, axis)


class PourRun:
    """Hydraulics under a source that follows a tilt over time."""

    def __init__(
        self,
        source="beaker",
        target="straight_glass",
        drink="water",
        volume=350e-6,
        start=0.0,
        seed=0,
        **spec,
    ):
        self.source = vessel(source) if isinstance(source, str) else source
        self.target = vessel(target) if isinstance(target, str) else target
        self.hydraulics = Hydraulics(
            self.source,
            self.target,
            POSITION,
            liquid(drink),
            HydraulicsSpec(**spec),
            volume,
            start,
            pose_at(self.source, self.target, 0.0),
            seed,
        )

    def follow(self, tilts):
        """Step through tilts; the first ones at the first call find the vessel at rest there."""
        if not self.hydraulics.time:
            self.hydraulics.pose = pose_at(self.source, self.target, float(tilts[0]))
        for tilt in tilts:
            self.hydraulics.step(pose_at(self.source, self.target, float(tilt)), STEP)
        return self.hydraulics


@pytest.fixture(scope="session")
def pour_run():
    return PourRun


@pytest.fixture(scope="session")
def some_vessel():
    return make_vessel
