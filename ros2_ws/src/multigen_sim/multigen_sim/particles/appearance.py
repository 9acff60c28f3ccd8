"""Visible state of the liquid, from particles: level surfaces, a stream and separate drops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.tilted_volume import volume_table
from multigen_core.world.wetting import GRAVITY
from multigen_sim.liquid.ledger import AIR, SOURCE, SPILLED, TARGET
from multigen_sim.particles.liquid_state import ParticleGauge
from multigen_sim.views.visible_liquid import Parcels, VisibleLiquid

_SLICES = 24
"""Slices of the fall, each a parcel of the stream."""
_STREAM = 3
"""Least number of particles in a slice of the stream; fewer are drops."""
_STRAY = 2.0
"""Distance from the middle of a slice beyond which a particle is a drop, in standard deviations."""
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
    across = offset[np.linalg.norm(offset, axis=1) < 0.02] @ [-forward[1], forward[0], 0.0]
    return 4.0 * float(np.std(across)) if len(across) >= _STREAM else 0.0


def _parcels(gauge: ParticleGauge) -> Parcels:
    """The falling particles as parcels, one per slice of height, and drops beside them."""
    place = gauge.places.place
    falling = (place == AIR) | ((place == TARGET) & ~gauge.pooled)
    falling &= gauge.points[:, 2] < gauge.lip[2]
    points, velocities = gauge.points[falling], gauge.velocities[falling]
    particle = gauge.cavities.particle
    low = float(points[:, 2].min(initial=gauge.lip[2] - 1e-3))
    edges = np.linspace(gauge.lip[2], low, _SLICES + 1)
    thick = (gauge.lip[2] - low) / _SLICES
    which = np.clip(((gauge.lip[2] - points[:, 2]) / thick).astype(int), 0, _SLICES - 1)
    rows, drops = [], []
    for k in range(_SLICES):
        at = np.flatnonzero(which == k)
        stream = at[_together(points[at])] if len(at) >= _STREAM else at[:0]
        drops += np.setdiff1d(at, stream).tolist()
        if len(stream):
            velocity = velocities[stream].mean(axis=0)
            rate = len(stream) * particle * max(-velocity[2], 0.05) / thick
            centre = points[stream].mean(axis=0)
            centre[2] = (edges[k] + edges[k + 1]) / 2
            rows.append((centre, velocity, rate, len(stream) * particle, False))
    rows += [
        (points[k], velocities[k], 0.0, particle, True)
        for k in sorted(drops, key=lambda k: -points[k, 2])[:_DROPS]
    ]
    return _assemble(gauge, rows)


def _together(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of a slice's points [m], (K, 3), belong to its stream."""
    away = np.hypot(*(points[:, :2] - np.median(points[:, :2], axis=0)).T)
    return np.asarray(away <= _STRAY * max(float(np.std(points[:, :2])), 3e-3))


def _assemble(
    gauge: ParticleGauge,
    rows: list[tuple[NDArray[np.float64], NDArray[np.float64], float, float, bool]],
) -> Parcels:
    points = np.array([row[0] for row in rows]).reshape(-1, 3)
    velocities = np.array([row[1] for row in rows]).reshape(-1, 3)
    fallen = np.maximum(gauge.lip[2] - points[:, 2], 0.0)
    age = np.sqrt(2.0 * fallen / GRAVITY)
    launch = velocities.copy()
    launch[:, 2] += GRAVITY * age
    return Parcels(
        points,
        launch,
        gauge.time - age,
        fallen,
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows], bool),
    )
