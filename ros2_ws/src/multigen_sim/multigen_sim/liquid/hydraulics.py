"""The liquid: from the held vessel over its lip through the air into the target.

A reduced-order model: quasi-static level in the tilted source with its first sloshing mode, a weir
at the lip, ballistic parcels, and an upright target with its own slosh.
"""

from __future__ import annotations

from math import cos, exp, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import LiquidState
from multigen_core.world.catalogue import reference
from multigen_core.world.liquid import Liquid
from multigen_core.world.scene import HydraulicsSpec
from multigen_core.world.tilted_volume import volume_table
from multigen_core.world.vessel import Vessel
from multigen_core.world.wetting import GRAVITY, Wetting
from multigen_sim.liquid.glug import Glug
from multigen_sim.liquid.jet import Jet, Landing
from multigen_sim.liquid.ledger import AIR, SOURCE, SPILLED, TARGET, Ledger
from multigen_sim.liquid.resonance import ResonanceTable
from multigen_sim.liquid.slosh import Slosh
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.liquid.wall_film import WallFilm
from multigen_sim.liquid.weir import Overflow, cling, overflow
from multigen_sim.liquid.wetted_area import wetted_area_table

_TURBULENCE_TIME = 0.06
_RATE_TIME = 0.01
_ACCELERATION_TIME = 0.03
_DRIPPING = 0.5
"""Weber number of the stream below which it leaves the lip in drops."""
_DRIBBLE_PATH = 0.012
"""Mean distance along the outer wall after which a dribble detaches [m]."""
_LARGEST_SHARE = 0.5
"""Largest fraction of the liquid above the lip that leaves in one step."""
_BACKWARD_DIP = 0.8
_FILLED_NECK = 0.5
"""Fraction of a glugging mouth taken by the liquid; air takes the rest."""
_NO_FLOW = Overflow()
_STIR = 0.15
"""Fraction of the jet's momentum that lifts the target's surface on one side."""


class Hydraulics:
    """The liquid of one pour; `step` advances it under a moving source."""

    def __init__(
        self,
        source: Vessel,
        target: Vessel,
        target_position: NDArray[np.float64],
        liquid: Liquid,
        spec: HydraulicsSpec,
        source_volume: float,
        target_volume: float,
        pose: VesselPose,
        seed: int,
    ) -> None:
        self.source, self.target, self.liquid = source, target, liquid
        self.target_position = np.asarray(target_position, float)
        self.spec = spec
        self.volumes = Ledger(source_volume, target_volume)
        self.start_volume = source_volume
        self.time = 0.0
        self.pose = pose
        self.lip = pose.lip(source.mouth_radius)
        """The lowest point of the source's rim [m], (3,)."""
        self.target_level = target.level_at(target_volume)
        """Level in the target [m] above its inner bottom."""
        self.source_slosh = Slosh(spec.slosh_damping)
        self.target_slosh = Slosh(spec.slosh_damping)
        self.jet = Jet(target, self.target_position)
        self.flow = Overflow()
        self.surface_radius = source.mouth_radius
        """Radius of a disc with the area of the source's free surface [m]."""
        self.puddle = np.zeros(2)
        self._rng = np.random.default_rng(seed)
        self._glug = Glug(source, liquid, self._rng)
        self._table = volume_table(source)
        self._wetting = Wetting.of(source, liquid, spec.capillarity)
        self._wetted_area = wetted_area_table(source)
        self.film = WallFilm(self._wetting, self._wetted_area.area(source_volume, pose.tilt))
        self._lip_is_wet = False
        self._runs = False
        self._dribble = 0.0
        self._drop = 0.0
        self._resonance = ResonanceTable.of(target)
        self._turbulence = np.zeros(3)
        self._velocity = np.zeros(3)
        self._drift = 0.0
        self._acceleration = 0.0
        self._rates = [0.0, 0.0, 0.0]
        self.impact = Landing()
        """Last impact on the target's surface."""
        self._names = reference(source), reference(target), reference(liquid)
        self.head = self._table.surface(source_volume, pose.tilt)[0]

    @property
    def bulk(self) -> float:
        """Bulk volume in the source [m^3], without the film on its wall and drops at its lip."""
        return max(self.volumes[SOURCE] - self.film.volume - self.hanging, 0.0)

    @property
    def hanging(self) -> float:
        """Attached drops at and below the lip [m^3]; part of the source's volume."""
        return self._dribble + self._drop

    @property
    def target_surface(self) -> float:
        """Height of the target's surface in the world [m]."""
        return float(self.target_position[2]) + self.target.floor + self.target_level

    @property
    def poured(self) -> float:
        """Volume gained by the target [m^3]."""
        gone = self.volumes[SOURCE] + self.volumes[AIR] + self.volumes[SPILLED]
        return self.start_volume - gone

    @property
    def inflow_rate(self) -> float:
        """Flow into the target [m^3/s]."""
        return self._rates[0]

    def step(self, pose: VesselPose, dt: float) -> None:
        """Advance by `dt` [s], to the time at which the source is at `pose`."""
        self.time += dt
        self._move_source(pose, dt)
        self._pour(dt)
        self._land(dt)

    def _move_source(self, pose: VesselPose, dt: float) -> None:
        """Excite the source's slosh by the lateral acceleration of its liquid."""
        volume = self.bulk
        depth = 0.5 * self.source.level_at(volume)
        below = self.source.height - depth
        velocity = (pose.on_axis(below) - self.pose.on_axis(below)) / dt
        lip = pose.lip(self.source.mouth_radius)
        self._velocity = (lip - self.lip) / dt
        drift = float(velocity @ pose.downhill)
        blend = min(dt / _ACCELERATION_TIME, 1.0)
        self._acceleration += blend * ((drift - self._drift) / dt - self._acceleration)
        self._drift = drift
        self.pose, self.lip = pose, lip
        self.head, area, self._held = self._table.surface(volume, pose.tilt)
        radius = self.surface_radius = sqrt(max(area, 1e-6) / pi)
        self.film.step(self._wetted_area.area(volume, pose.tilt), radius, volume, dt)
        rest = -self._acceleration / GRAVITY * radius
        self.source_slosh.step(rest, radius, 2.0 * depth, dt)

    def _pour(self, dt: float) -> None:
        pose, liquid = self.pose, self.liquid
        volume = self.bulk
        surplus = volume - self._held
        head = self.head + self.source_slosh.height
        radius = self.source.mouth_radius
        self.flow = _NO_FLOW
        held = self._held_back(head)
        if surplus <= 0.0 or head <= held:
            self._runs = False
            self._glug.frequency = 0.0
            return
        self._runs = self._lip_is_wet = True
        flow = overflow(head, pose.tilt, radius, liquid, self.spec.discharge, held)
        rate = self._glug.limit(flow.rate, head, pose.tilt, volume, dt)
        rate = min(rate, _LARGEST_SHARE * surplus / dt)
        if self._glug.frequency:
            full = rate / (_FILLED_NECK * pi * radius**2)
            flow = Overflow(rate, min(flow.speed, full), flow.width)
        self.flow = Overflow(rate, flow.speed, flow.width)
        kick = self._rng.standard_normal(4)
        fade = exp(-dt / _TURBULENCE_TIME)
        self._turbulence = fade * self._turbulence + sqrt(1.0 - fade**2) * kick[:3]
        velocity = self._velocity + self._throw(flow.speed)
        lip = self.lip
        leak = cling(flow, head, liquid) * max(cos(pose.tilt), 0.0)
        if self._drips(self.flow):
            self._drop += (1.0 - leak) * rate * dt
            if self._drop > self._wetting.drop:
                self._drop -= self._emit(self._drop, rate, lip, velocity, drop=True)
        else:
            self._emit((1.0 - leak) * rate * dt + self._drop, rate, lip, velocity)
            self._drop = 0.0
        self._dribble += leak * rate * dt
        if self._dribble > self._wetting.drop:
            path = _DRIBBLE_PATH * min(abs(kick[3]), 3.0)
            origin = lip - path * pose.axis
            self._dribble -= self._emit(self._dribble, rate, origin, self._velocity, drop=True)

    def _held_back(self, head: float) -> float:
        """The head [m] held back by surface tension, which is larger on a dry lip."""
        if self._runs or self._lip_is_wet or head >= self._wetting.starting_head(self.pose.tilt):
            return self._wetting.stopping_head
        return head

    def _drips(self, flow: Overflow) -> bool:
        """Whether the stream is too slow and thin to hold together as it leaves the lip."""
        diameter = sqrt(4.0 * flow.rate / (pi * max(flow.speed, 1e-3)))
        weber = self.liquid.density * flow.speed**2 * diameter / self.liquid.surface_tension
        return weber < _DRIPPING

    def _throw(self, speed: float) -> NDArray[np.float64]:
        """Velocity [m/s], (3,), of liquid leaving the lip at `speed` [m/s] over the vessel's."""
        noise = self.spec.jet_noise * self._turbulence
        dip = max(self.pose.tilt - pi / 2, 0.0) * _BACKWARD_DIP
        forward = self.pose.downhill
        across = np.array([-forward[1], forward[0], 0.0])
        speed *= 1.0 + noise[0]
        velocity = speed * (cos(dip) * forward + noise[1] * across)
        velocity[2] += speed * (noise[2] - sin(dip))
        return velocity

    def _emit(
        self,
        volume: float,
        rate: float,
        origin: NDArray[np.float64],
        velocity: NDArray[np.float64],
        drop: bool = False,
    ) -> float:
        """Release a parcel; drops at or below the lip belong to the source until then."""
        volume = min(volume, self.volumes[SOURCE])
        if volume <= 0.0:
            return 0.0
        sent = self.jet.emit(self.time, volume, rate, origin, velocity, self.target_surface, drop)
        return self.volumes.move(SOURCE, AIR, sent)

    def _land(self, dt: float) -> None:
        landing = self.jet.land(self.time)
        volumes = self.volumes
        kept = landing.target + 0.5 * landing.rim
        volumes.move(AIR, TARGET, kept)
        lost = volumes.move(AIR, SPILLED, landing.outside + 0.5 * landing.rim)
        brim = volumes[TARGET] - self.target.capacity
        if brim > 0.0:
            lost += volumes.move(TARGET, SPILLED, brim)
        if not self.jet.flying:
            volumes.move(AIR, SPILLED, volumes[AIR])
        if lost > 0.0:
            if landing.outside > 0.0:
                where = np.array(landing.point)
            else:
                where = self.target_position[:2] - [0.0, self.target.mouth_radius]
            share = lost / max(volumes[SPILLED], 1e-12)
            self.puddle = self.puddle + share * (where - self.puddle)
        fade = exp(-dt / _RATE_TIME)
        arrived = landing.target / dt, landing.rim / dt, landing.outside / dt
        rates = [
            fade * rate + (1.0 - fade) * new for rate, new in zip(self._rates, arrived, strict=True)
        ]
        self._rates = [0.0 if rate < 1e-12 else rate for rate in rates]
        if landing.target > 0.0:
            self.impact = landing
        level = self.target_level = self.target.level_at(volumes[TARGET])
        radius = self.target.radius_at(level)
        push = self._rates[0] * self.impact.speed / (GRAVITY * pi * max(radius, 5e-3) ** 2)
        stir = _STIR * push * (1.0 + float(self._turbulence[1])) if push > 0.0 else 0.0
        self.target_slosh.step(-stir, radius, level, dt)

    def liquid_state(self, stamp: int) -> LiquidState:
        """Everything that determines the sound now."""
        level = self.target_level
        inflow, rim, spill = self._rates
        hits = inflow > 1e-9
        return LiquidState(
            stamp=stamp,
            source_vessel=self._names[0],
            target_vessel=self._names[1],
            liquid=self._names[2],
            temperature=self.liquid.temperature,
            source_tilt=self.pose.tilt,
            outflow_rate=self.flow.rate,
            inflow_rate=inflow,
            rim_rate=rim,
            spill_rate=spill,
            source_volume=self.volumes[SOURCE],
            target_volume=self.volumes[TARGET],
            airborne_volume=self.volumes[AIR],
            source_level=self.source.level_at(self.bulk),
            target_level=level,
            air_column=self.target.height - level,
            resonance_frequency=self._resonance.frequency(level),
            fall_height=max(float(self.lip[2]) - self.target_surface, 0.0),
            impact_speed=self.impact.speed if hits else 0.0,
            jet_diameter=self.impact.diameter if hits else 0.0,
            glug_frequency=self._glug.frequency,
            slosh_amplitude=self.target_slosh.amplitude,
        )
