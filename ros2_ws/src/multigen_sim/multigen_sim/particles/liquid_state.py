"""Ground truth of the sound, measured on particles.

Rates count particles at their first arrival, over time, smoothed; so their integrals are the
volumes that moved. Levels are those that the settled particles make in their analytic cavities.
"""

from __future__ import annotations

from math import exp, pi

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import LiquidState, PourState
from multigen_core.world.catalogue import reference
from multigen_core.world.liquid import Liquid
from multigen_sim.liquid.ledger import AIR, SOURCE, SPILLED, TARGET
from multigen_sim.liquid.resonance import ResonanceTable
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.particles.volumes import Cavities, Places

_RATE_TIME = 0.06
"""Time over which counts are averaged [s]: at 20 ml/s some ten particles."""
_IMPACT_TIME = 0.03
_POOLING = 4
"""Times that the settled particles and the level they make are refined."""
_SURFACE = 2.0
"""Height of a settled particle above the level, in slacks: surfaces are rough."""
_SHALLOWEST = 4e-3
"""Depth [m] below which the slope of a surface is not measured."""
_SILENT = 1e-8
"""Flow [m^3/s] below which nothing is heard to arrive: a particle every 10 s."""


class ParticleGauge:
    """Measures one pour, updated at least every 20 ms.

    Args:
        cavities: of both vessels.
        liquid: that the particles stand for.
        pose: of the source.
        points: particles at rest [m], (N, 3), in an order that stays.
    """

    def __init__(
        self, cavities: Cavities, liquid: Liquid, pose: VesselPose, points: NDArray[np.float64]
    ) -> None:
        self.cavities, self.liquid = cavities, liquid
        self.time = 0.0
        self.impact_speed = 0.0
        """Recent mean speed of particles that reach the target's surface [m/s]."""
        x, y, _ = cavities.target_pose.mouth
        self.impact_point = float(x), float(y)
        """Where particles last reached it [m], (2,)."""
        self._rates = np.zeros(4)
        self._resonance = ResonanceTable.of(cavities.target)
        names = cavities.source, cavities.target, liquid
        self._names = tuple(reference(thing) for thing in names)
        self._look(pose, points, np.zeros_like(points))
        self._out = self.places.place != SOURCE
        self._landed = self.pooled.copy()
        self._struck = np.zeros(len(points), bool)
        self._lost = self.places.place == SPILLED
        self._speeds = np.zeros(len(points))
        self._before = self.places.count(TARGET)

    def update(
        self,
        dt: float,
        pose: VesselPose,
        points: NDArray[np.float64],
        velocities: NDArray[np.float64],
    ) -> None:
        """Measure `dt` [s] later: the source's pose, particles [m] and [m/s], (N, 3) each."""
        self.time += dt
        self._look(pose, points, velocities)
        place = self.places.place
        out = place != SOURCE
        arrived = self.pooled & ~self._landed
        struck = (place == AIR) & self._at_rim() & ~self._struck
        lost = (place == SPILLED) & ~self._lost
        counts = np.array(
            [
                np.count_nonzero(out) - np.count_nonzero(self._out),
                np.count_nonzero(arrived),
                np.count_nonzero(struck),
                np.count_nonzero(lost),
            ]
        )
        fade = exp(-dt / _RATE_TIME)
        self._rates = fade * self._rates + (1.0 - fade) * counts * self.cavities.particle / dt
        if arrived.any():
            self._hit(arrived, dt)
        self._out = out
        self._landed = (self._landed | arrived) & out
        self._struck = (self._struck | struck) & out
        self._lost |= lost
        self._speeds = np.where(self.pooled, 0.0, np.linalg.norm(velocities, axis=1))

    def _look(
        self, pose: VesselPose, points: NDArray[np.float64], velocities: NDArray[np.float64]
    ) -> None:
        self.pose, self.points, self.velocities = pose, points, velocities
        self.lip = pose.lip(self.cavities.source.mouth_radius)
        """The lowest point of the source's rim [m], (3,)."""
        self.places: Places = self.cavities.places(pose, points)
        target, particle = self.cavities.target, self.cavities.particle
        inside = self.places.place == TARGET
        height = points[:, 2] - self.cavities.target_pose.mouth[2] + target.height
        pooled, level = inside, 0.0
        for _ in range(_POOLING):
            level = target.level_at(np.count_nonzero(pooled) * particle)
            pooled = inside & (height <= level + _SURFACE * self.cavities.slack)
        self.pooled = pooled
        """Which particles have settled in the target, (N,)."""
        self.target_level = level
        """Level in the target [m] above its inner bottom."""

    def _at_rim(self) -> NDArray[np.bool_]:
        """Which particles touch the target's rim, (N,)."""
        cavities = self.cavities
        offset = self.points - cavities.target_pose.mouth
        across = np.hypot(offset[:, 0], offset[:, 1]) - cavities.target.mouth_radius
        beside = np.maximum(np.abs(across - cavities.target.wall / 2) - cavities.target.wall / 2, 0)
        return np.asarray(np.hypot(beside, offset[:, 2]) <= _SURFACE * cavities.slack)

    def _hit(self, arrived: NDArray[np.bool_], dt: float) -> None:
        """Speed and place of the impact, from the last state in which the particles flew."""
        speed = float(self._speeds[arrived].mean())
        blend = 1.0 - exp(-dt / _IMPACT_TIME) if self.impact_speed else 1.0
        self.impact_speed += blend * (speed - self.impact_speed)
        x, y = self.points[arrived, :2].mean(axis=0)
        self.impact_point = float(x), float(y)

    @property
    def inflow_rate(self) -> float:
        """Flow onto the target's surface [m^3/s]."""
        return float(self._rates[1])

    @property
    def outflow_rate(self) -> float:
        """Net flow out of the source [m^3/s]."""
        return max(float(self._rates[0]), 0.0)

    @property
    def poured(self) -> float:
        """Volume gained by the target [m^3]."""
        return (self.places.count(TARGET) - self._before) * self.cavities.particle

    @property
    def target_slope(self) -> tuple[float, float]:
        """Slope of the target's surface along x and y, of the first mode.

        In a cylinder of radius R filled to the depth d, the slope s moves the centroid by
        s R² / 4 d.
        """
        if self.target_level < _SHALLOWEST or not self.pooled.any():
            return 0.0, 0.0
        radius = self.cavities.target.radius_at(self.target_level)
        centre = self.points[self.pooled, :2].mean(axis=0) - self.cavities.target_pose.mouth[:2]
        x, y = 4.0 * self.target_level / radius**2 * centre
        return float(x), float(y)

    def pour_state(self, stamp: int) -> PourState:
        """Where the liquid is now."""
        places = self.places
        mass = self.poured * self.liquid.density
        return PourState(stamp, places[SOURCE], self.poured, places[SPILLED], mass)

    def liquid_state(self, stamp: int) -> LiquidState:
        """Everything that determines the sound now; the exchange of air in a neck is not measured.

        Its pulses, if the solver has any, are in the rates.
        """
        cavities, places, level = self.cavities, self.places, self.target_level
        inflow = self.inflow_rate
        hits = inflow > _SILENT
        surface = float(cavities.target_pose.mouth[2]) - cavities.target.height + level
        speed = self.impact_speed if hits else 0.0
        slope = np.hypot(*self.target_slope)
        source, target, liquid = self._names
        return LiquidState(
            stamp=stamp,
            source_vessel=source,
            target_vessel=target,
            liquid=liquid,
            temperature=self.liquid.temperature,
            source_tilt=self.pose.tilt,
            outflow_rate=self.outflow_rate,
            inflow_rate=inflow if hits else 0.0,
            rim_rate=float(self._rates[2]),
            spill_rate=float(self._rates[3]),
            source_volume=places[SOURCE],
            target_volume=places[TARGET],
            airborne_volume=places[AIR],
            source_level=cavities.source.level_at(places[SOURCE]),
            target_level=level,
            air_column=cavities.target.height - level,
            resonance_frequency=self._resonance.frequency(level),
            fall_height=max(float(self.lip[2]) - surface, 0.0),
            impact_speed=speed,
            jet_diameter=(4.0 * inflow / (pi * max(speed, 0.1))) ** 0.5 if hits else 0.0,
            slosh_amplitude=float(slope * cavities.target.radius_at(level)),
        )
