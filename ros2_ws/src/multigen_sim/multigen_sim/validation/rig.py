"""The liquid model alone, with a prescribed tilt of the vessel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.station.pour_path import lip_positions
from multigen_core.world.catalogue import liquid, vessel
from multigen_core.world.liquid import Liquid
from multigen_core.world.scene import HydraulicsSpec
from multigen_core.world.vessel import Vessel
from multigen_sim.liquid.hydraulics import Hydraulics
from multigen_sim.liquid.vessel_pose import VesselPose

STEP = 0.005
"""Time between the tilts that the rig follows [s]."""
POSITION = np.array([0.65, 0.12, 0.0])


def ramp(start: float, end: float, seconds: float) -> NDArray[np.float64]:
    """Tilts [rad] of a uniform rotation."""
    return np.linspace(start, end, max(round(seconds / STEP), 2))


def stay(tilt: float, seconds: float) -> NDArray[np.float64]:
    """Tilts [rad] of a rest."""
    return np.full(round(seconds / STEP), tilt)


def make_vessel(profile: Iterable[tuple[float, float]]) -> Vessel:
    """A glass with a profile (z, r) [m]."""
    return Vessel(
        name="rig",
        description="for validation",
        profile=tuple(profile),
        wall=0.002,
        mass=0.1,
        material="glass",
        opaque=False,
    )


class Rig:
    """A source held over a target; by default 350 ml of water over a straight glass.

    `volume` and `start` [m^3] are the volumes in source and target; other names set coefficients.
    """

    def __init__(
        self,
        source: Vessel | str = "beaker",
        target: Vessel | str = "straight_glass",
        drink: Liquid | str = "water",
        volume: float = 350e-6,
        start: float = 0.0,
        seed: int = 0,
        **spec: float,
    ) -> None:
        self.source = vessel(source) if isinstance(source, str) else source
        self.target = vessel(target) if isinstance(target, str) else target
        self.hydraulics = Hydraulics(
            self.source,
            self.target,
            POSITION,
            liquid(drink) if isinstance(drink, str) else drink,
            HydraulicsSpec(**spec),
            volume,
            start,
            self.pose(0.0),
            seed,
        )

    def pose(self, tilt: float) -> VesselPose:
        """Pose of the source at a tilt [rad]."""
        return next(self._poses(np.array([tilt])))

    def _poses(self, tilts: NDArray[np.float64]) -> Iterator[VesselPose]:
        lips = lip_positions(self.source, POSITION, tilts, self.target)
        for tilt, lip in zip(tilts, lips, strict=True):
            axis = np.array([0.0, np.sin(tilt), np.cos(tilt)])
            outward = np.array([0.0, np.cos(tilt), -np.sin(tilt)])
            yield VesselPose(lip - self.source.mouth_radius * outward, axis)

    def steps(self, tilts: ArrayLike) -> Iterator[Hydraulics]:
        """Follow tilts [rad], (K,), one every `STEP`, yielding the liquid after each.

        The vessel starts at rest at the first tilt.
        """
        for pose in self._poses(np.atleast_1d(np.asarray(tilts, float))):
            if not self.hydraulics.time:
                self.hydraulics.pose = pose
            self.hydraulics.step(pose, STEP)
            yield self.hydraulics

    def follow(self, tilts: ArrayLike) -> Hydraulics:
        """Follow tilts to their end."""
        for _ in self.steps(tilts):
            pass
        return self.hydraulics
