"""Visible state of the liquid, from particles: level surfaces, a stream and separate drops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.tilted_volume import volume_table
from multigen_core.world.wetting import GRAVITY
from multigen_sim.liquid.ledger import AIR, SOURCE, SPILLED, TARGET
from multigen_sim.particles.liquid_state import ParticleGauge
from multigen_sim.views.visible_liquid import Parcels, VisibleLiquid

_STEP = 0.008
"""Time between parcels of the stream [s]."""
_WINDOW = 0.03
"""Half width of the averages along the stream [s]; in longer gaps it is torn."""
_STRAY = 1.5
"""Distance from the stream's middle beyond which a particle is a drop, in spacings."""
_LIP = 0.02
"""Distance from the lip within which particles show the width of the sheet [m]."""
_DROPS = 10


def visible_liquid(gauge: ParticleGauge) -> VisibleLiquid:
    """The liquid as the views render it now."""
    cavities, places = gauge.cavities, gauge.places
    volume = places[SOURCE]
    head, _, _ = volume_table(cavities.source).surface(volume, gauge.pose.tilt)
    foot = cavities.target_pose.mouth - [0.0, 0.0, cavities.target.rim_height]
    spilled = gauge.points[places.place == SPILLED, :2]
    parcels = _parcels(gauge)
    return VisibleLiquid(
        time=gauge.time,
        source=cavities.source,
        target=cavities.target,
        liquid=gauge.liquid,
        target_position=foot,
        tilt=gauge.pose.tilt,
        downhill=gauge.pose.downhill,
        mouth=gauge.pose.mouth,
        lip=gauge.lip,
        source_volume=volume,
        source_head=head,
        source_slope=0.0,
        target_level=gauge.target_level,
        target_slope=gauge.target_slope[1],
        stream_width=_width(gauge),
        parcels=parcels,
        inflow_rate=gauge.inflow_rate,
        impact_speed=gauge.impact_speed,
        impact_point=gauge.impact_point,
        spilled_volume=places[SPILLED],
        puddle=np.median(spilled, axis=0) if len(spilled) else foot[:2],
    )


def _width(gauge: ParticleGauge) -> float:
    """Width of the sheet at the lip [m]: of the particles that have just left it."""
    offset = gauge.points[gauge.places.place == AIR] - gauge.lip
    forward = gauge.pose.downhill
    across = offset[np.linalg.norm(offset, axis=1) < _LIP] @ [-forward[1], forward[0], 0.0]
    return 4.0 * float(np.std(across)) if len(across) > 2 else 0.0


def _parcels(gauge: ParticleGauge) -> Parcels:
    """The falling particles as a stream of parcels, evenly spaced in time, and drops beside it.

    Particles are too few to be parcels themselves: a stream of 20 ml/s has ten of them in the air.
    """
    place = gauge.places.place
    falling = (place == AIR) | ((place == TARGET) & ~gauge.pooled)
    falling &= gauge.points[:, 2] < gauge.lip[2]
    points, velocities = gauge.points[falling], gauge.velocities[falling]
    age = np.sqrt(2.0 * (gauge.lip[2] - points[:, 2]) / GRAVITY)
    times = np.arange(0.0, age.max(initial=0.0) + _STEP, _STEP)
    near = (np.abs(times[:, None] - age) <= _WINDOW).astype(float)
    count = near.sum(axis=1)
    times, near, count = times[count > 0], near[count > 0], count[count > 0]
    if not len(times):
        return _assemble(gauge, times, np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0))
    share = near / count[:, None]
    middle = share @ points[:, :2]
    apart = np.hypot(*(points[:, :2] - middle[np.argmin(np.abs(times[:, None] - age), axis=0)]).T)
    stray = np.flatnonzero(apart > _STRAY * gauge.cavities.particle ** (1 / 3))[:_DROPS]
    height = gauge.lip[2] - GRAVITY * times**2 / 2
    window = np.minimum(times + _WINDOW, age.max()) - np.maximum(times - _WINDOW, 0.0)
    rate = count * gauge.cavities.particle / np.maximum(window, _WINDOW)
    return _assemble(
        gauge,
        np.concatenate([times, age[stray]]),
        np.vstack([np.column_stack([middle, height]), points[stray]]),
        np.vstack([share @ velocities, velocities[stray]]),
        np.concatenate([rate, np.zeros(len(stray))]),
        np.concatenate([rate * _STEP, np.full(len(stray), gauge.cavities.particle)]),
    )


def _assemble(
    gauge: ParticleGauge,
    age: NDArray[np.float64],
    points: NDArray[np.float64],
    velocities: NDArray[np.float64],
    rate: NDArray[np.float64],
    volume: NDArray[np.float64],
) -> Parcels:
    launch = velocities.copy()
    launch[:, 2] = 0.0
    fallen = np.maximum(gauge.lip[2] - points[:, 2], 0.0)
    return Parcels(points, launch, gauge.time - age, fallen, rate, volume, rate == 0.0)
