"""The liquid of a pour as particles in Newton, measured by the code that all particles share."""

from __future__ import annotations

from math import ceil

import newton
import numpy as np
import warp as wp
from numpy.typing import NDArray

from multigen_core.types import LiquidState, PourState
from multigen_core.world.scene import Scene
from multigen_sim.liquid.ledger import SOURCE
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.newton.fluid import FluidSolver, Walls
from multigen_sim.newton.settings import Settings
from multigen_sim.particles.appearance import visible_liquid
from multigen_sim.particles.filling import fill
from multigen_sim.particles.liquid_state import ParticleGauge
from multigen_sim.particles.volumes import Cavities
from multigen_sim.views.visible_liquid import VisibleLiquid

_SUBSTEP = 0.005
"""Longest step of the fluid [s]: at 2.5 m/s a particle moves by about its spacing."""
_SETTLING = 120
"""Steps in which the filling settles before time 0."""
_SETTLING_LOSS = 0.03


class ParticleLiquid:
    """Implements `multigen_sim.liquid.model.LiquidModel`."""

    def __init__(self, scene: Scene, pose: VesselPose, settings: Settings) -> None:
        source, target = scene.source.vessel, scene.target.vessel
        foot = np.array(scene.target.position)
        volume = scene.source.volume_ml * 1e-6
        particle = volume / settings.particles
        spacing = particle ** (1 / 3)
        self._pose = pose
        self._rims = source.rim_height, target.rim_height
        cavities = Cavities.of(scene, particle)
        self._standing = cavities.target_pose
        held = _posed(fill(source, settings.particles, spacing), pose, source.rim_height)
        there = round(scene.target.volume_ml * 1e-6 / particle)
        points = np.vstack([held, fill(target, there, spacing) + foot]) if there else held
        builder = newton.ModelBuilder()
        mass = particle * scene.liquid.density
        count = len(points)
        builder.add_particles(
            pos=points.tolist(), vel=np.zeros_like(points).tolist(), mass=[mass] * count,
            radius=[spacing / 2] * count,
        )  # fmt: skip
        for _ in range(2):
            builder.add_body(is_kinematic=True)
        model = builder.finalize(device=settings.device)
        walls = [Walls.of(vessel, spacing) for vessel in (source, target)]
        self._solver = FluidSolver(model, walls, spacing, particle)
        self._now, self._next = model.state(), model.state()
        self._settle()
        self.gauge = ParticleGauge(cavities, scene.liquid, pose, self._read()[0])

    @property
    def source_volume(self) -> float:
        """Volume in the source [m^3]."""
        return self.gauge.places[SOURCE]

    def step(self, pose: VesselPose, dt: float) -> None:
        """Advance by `dt` [s], to the time at which the source is at `pose`."""
        count = ceil(dt / _SUBSTEP - 1e-9)
        start = self._pose
        for k in range(1, count + 1):
            share = k / count
            mouth = start.mouth + share * (pose.mouth - start.mouth)
            axis = start.axis + share * (pose.axis - start.axis)
            self._advance(VesselPose(mouth, axis / np.linalg.norm(axis)), dt / count)
        self._pose = pose
        self.gauge.update(dt, pose, *self._read())

    def pour_state(self, stamp: int) -> PourState:
        """Where the liquid is now."""
        return self.gauge.pour_state(stamp)

    def liquid_state(self, stamp: int) -> LiquidState:
        """Everything that determines the sound now."""
        return self.gauge.liquid_state(stamp)

    def visible(self) -> VisibleLiquid:
        """The liquid as the views render it now."""
        return visible_liquid(self.gauge)

    def _settle(self) -> None:
        self._solver.damping = _SETTLING_LOSS
        for _ in range(_SETTLING):
            self._advance(self._pose, _SUBSTEP)
        self._solver.damping = 0.0
        self._now.particle_qd.zero_()

    def _advance(self, pose: VesselPose, dt: float) -> None:
        rims = zip((pose, self._standing), self._rims, strict=True)
        self._now.body_q.assign(np.array([_transform(one, rim) for one, rim in rims], np.float32))
        self._solver.step(self._now, self._next, None, None, dt)
        self._now, self._next = self._next, self._now

    def _read(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        state = self._now
        return (
            state.particle_q.numpy().astype(np.float64),
            state.particle_qd.numpy().astype(np.float64),
        )


def _transform(pose: VesselPose, rim: float) -> NDArray[np.float64]:
    """Position of a vessel's foot [m] and quaternion xyzw, (7,), without a turn about its axis."""
    x, y, z = pose.axis
    turn = np.array([-y, x, 0.0, 1.0 + z])
    length = np.linalg.norm(turn)
    turn = turn / length if length > 1e-6 else np.array([1.0, 0.0, 0.0, 0.0])
    return np.concatenate([pose.on_axis(rim), turn])


def _posed(points: NDArray[np.float64], pose: VesselPose, rim: float) -> NDArray[np.float64]:
    """Points [m], (N, 3), of a vessel's frame in the world."""
    transform = wp.transform(*_transform(pose, rim))
    return np.array([wp.transform_point(transform, wp.vec3(*point)) for point in points])
