"""What is seen of droplets thrown up where the jet strikes and of dribbles beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.wetting import GRAVITY
from multigen_sim.liquid.hydraulics import Hydraulics

_DROPS = 10
_LIFETIME = 0.14
_MOST_DRIBBLES = 12


def splash_drops(hydraulics: Hydraulics) -> list[tuple[NDArray[np.float64], float]]:
    """Centres [m] (3,) and radii [m] of the drops in the air at this moment.

    Each drop repeats an arc whose size follows the momentum of the jet; its phase and direction are
    fixed by its number and turn, so that pictures are reproducible.
    """
    drops: list[tuple[NDArray[np.float64], float]] = []
    state = hydraulics.liquid_state(0)
    vigour = min((state.inflow_rate * state.impact_speed / 1.5e-4), 1.0)
    surface = hydraulics.target_surface
    if vigour > 0.02:
        room = 0.8 * float(hydraulics.target.radius(state.target_level))
        for number in range(_DROPS):
            turn, phase = divmod(hydraulics.time / _LIFETIME + 0.37 * number, 1.0)
            luck = np.random.default_rng([number, int(turn)]).random(4)
            if luck[0] > vigour:
                continue
            age = phase * _LIFETIME
            heading = 2 * np.pi * luck[1]
            reach = (0.08 + 0.25 * luck[2]) * age + 0.006
            height = surface + GRAVITY * age * (_LIFETIME - age) / 2 * (0.5 + luck[3])
            x = hydraulics.impact_point[0] + reach * np.cos(heading)
            y = hydraulics.impact_point[1] + reach * np.sin(heading)
            offset = np.array([x, y]) - hydraulics.target_position[:2]
            distance = float(np.hypot(*offset))
            if distance > room:
                offset *= room / distance
            centre = np.array([*(hydraulics.target_position[:2] + offset), height])
            drops.append((centre, 0.0006 + 0.0009 * luck[2]))
    slots, points = hydraulics.jet.positions(hydraulics.time)
    single = hydraulics.jet.drops[slots]
    for slot, point in list(zip(slots[single], points[single], strict=True))[:_MOST_DRIBBLES]:
        drops.append(
            (point, max(float(3 * hydraulics.jet.volume[slot] / (4 * np.pi)) ** (1 / 3), 4e-4))
        )
    return drops
