"""Volumes from particles: how many are in a vessel's analytic cavity, times the volume of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.scene import Scene
from multigen_core.world.vessel import Vessel
from multigen_sim.liquid.ledger import AIR, SOURCE, SPILLED, TARGET, Place
from multigen_sim.liquid.vessel_pose import VesselPose

_SLACK = 0.5
"""How far into a wall a particle counts as inside, in spacings."""
_RESTING = 1.5
"""Height up to which a particle on the table counts as spilled, in spacings."""
_TABLE = 0.0
"""Height of the table [m]."""


def in_cavity(
    vessel: Vessel, pose: VesselPose, points: NDArray[np.float64], slack: float = 0.0
) -> NDArray[np.bool_]:
    """Which points [m], (N, 3) in the world, are in the cavity of a vessel at `pose`, (N,).

    `slack` [m] is how far into wall or floor a point still counts: particles rest on a wall with
    about half their spacing, and a solver lets them sink in a little. The mouth has none.
    """
    return below_mouth(vessel, pose, points, slack) & (_depth(pose, points) >= 0.0)


def _depth(pose: VesselPose, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance below the plane of the mouth [m], (N,)."""
    return np.asarray((pose.mouth - points) @ pose.axis)


def below_mouth(
    vessel: Vessel, pose: VesselPose, points: NDArray[np.float64], slack: float
) -> NDArray[np.bool_]:
    """Which points are within the walls and above the floor, (N,), whatever their height."""
    offset = points - pose.mouth
    up = offset @ pose.axis
    across = np.linalg.norm(offset - up[:, None] * pose.axis, axis=1)
    z = up + vessel.height
    return (across <= vessel.radius(z) + slack) & (z >= -slack)


@dataclass(frozen=True, eq=False)
class Places:
    """Where every particle is, `place` (N,), and the volume of one [m^3]."""

    place: NDArray[np.int8]
    particle: float

    @property
    def total(self) -> float:
        """The volume of all particles [m^3]."""
        return len(self.place) * self.particle

    def count(self, place: Place) -> int:
        """Particles in one place; every particle is in exactly one."""
        return int(np.count_nonzero(self.place == place))

    def __getitem__(self, place: Place) -> float:
        """Volume in one place [m^3]."""
        return self.count(place) * self.particle


@dataclass(frozen=True, eq=False)
class Cavities:
    """The vessels of one pour; `target_pose` does not change.

    `particle` is the volume of one particle [m^3], `slack` [m] that of `in_cavity`, `resting` [m]
    the height above the table up to which a particle outside the vessels counts as spilled.
    """

    source: Vessel
    target: Vessel
    target_pose: VesselPose
    particle: float
    slack: float
    resting: float

    @classmethod
    def of(cls, scene: Scene, particle: float) -> Cavities:
        """Of a scene, for particles of a volume [m^3] that fill a cube of their spacing."""
        target, spacing = scene.target.vessel, particle ** (1 / 3)
        up = np.array([0.0, 0.0, 1.0])
        standing = VesselPose(np.array(scene.target.position) + target.rim_height * up, up)
        return cls(
            scene.source.vessel, target, standing, particle, _SLACK * spacing, _RESTING * spacing
        )

    def places(self, source_pose: VesselPose, points: NDArray[np.float64]) -> Places:
        """Sort particles at `points` [m], (N, 3), into source, target, spilled and the rest: air.

        A particle that is not at a finite place has left the world and counts as spilled.
        """
        finite = np.asarray(np.isfinite(points).all(axis=1))
        points = np.where(finite[:, None], points, -1.0)
        place = np.full(len(points), AIR, np.int8)
        place[points[:, 2] < _TABLE + self.resting] = SPILLED
        place[in_cavity(self.target, self.target_pose, points, self.slack)] = TARGET
        place[in_cavity(self.source, source_pose, points, self.slack)] = SOURCE
        place[~finite] = SPILLED
        return Places(place, self.particle)
