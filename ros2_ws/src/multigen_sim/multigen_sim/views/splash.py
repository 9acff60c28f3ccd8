"""Visible droplets thrown up where the jet strikes, and dribbles beside it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.wetting import GRAVITY
from multigen_sim.views.visible_liquid import VisibleLiquid

_DROPS = 10
_LIFETIME = 0.14
_MOST_DRIBBLES = 12


@lru_cache(maxsize=4 * _DROPS)
def _luck(number: int, turn: int) -> NDArray[np.float64]:
    """Four numbers from 0 to 1 that one turn of a drop depends on."""
    return np.random.default_rng([number, turn]).random(4)


@lru_cache(maxsize=1)
def splash_drops(seen: VisibleLiquid) -> tuple[tuple[NDArray[np.float64], float], ...]:
    """Centres [m] (3,) and radii [m] of the drops currently in the air.

    Each drop repeats an arc whose size follows the momentum of the jet; its phase and direction are
    determined by its number and turn, so images are reproducible.
    """
    drops: list[tuple[NDArray[np.float64], float]] = []
    vigour = min((seen.inflow_rate * seen.impact_speed / 1.5e-4), 1.0)
    surface = seen.target_surface
    if vigour > 0.02:
        room = 0.8 * seen.target.radius_at(seen.target_level)
        for number in range(_DROPS):
            turn, phase = divmod(seen.time / _LIFETIME + 0.37 * number, 1.0)
            luck = _luck(number, int(turn))
            if luck[0] > vigour:
                continue
            age = phase * _LIFETIME
            heading = 2 * np.pi * luck[1]
            reach = (0.08 + 0.25 * luck[2]) * age + 0.006
            height = surface + GRAVITY * age * (_LIFETIME - age) / 2 * (0.5 + luck[3])
            x = seen.impact_point[0] + reach * np.cos(heading)
            y = seen.impact_point[1] + reach * np.sin(heading)
            offset = np.array([x, y]) - seen.target_position[:2]
            distance = float(np.hypot(*offset))
            if distance > room:
                offset *= room / distance
            centre = np.array([*(seen.target_position[:2] + offset), height])
            drops.append((centre, 0.0006 + 0.0009 * luck[2]))
    parcels = seen.parcels
    for index in np.flatnonzero(parcels.drop)[:_MOST_DRIBBLES]:
        radius = float(3 * parcels.volume[index] / (4 * np.pi)) ** (1 / 3)
        drops.append((parcels.points[index], max(radius, 4e-4)))
    return tuple(drops)
