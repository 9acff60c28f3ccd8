"""Particles in a vessel's wall, for solvers that need the wall's density beside the liquid's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.vessel import Vessel


def lining(vessel: Vessel, spacing: float) -> NDArray[np.float64]:
    """One layer [m], (W, 3), half a spacing outside the cavity, in the vessel's frame.

    The frame's origin is the foot, its z the axis; points are about `spacing` [m] apart.
    """
    line = np.array(vessel.profile)[:, ::-1]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    places = np.linspace(0.0, along[-1], max(round(along[-1] / spacing), 1) + 1)
    r, z = (np.interp(places, along, line[:, k]) for k in (0, 1))
    ahead = np.gradient(np.column_stack([r, z]), axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    half = spacing / 2
    side = np.column_stack([r + half * ahead[:, 1], z - half * ahead[:, 0]])
    floor = np.arange(side[0, 0] - spacing, 0.0, -spacing)
    rings = np.vstack([side, np.column_stack([floor, np.full(len(floor), -half)])])
    return np.vstack([_ring(r, z + vessel.floor, spacing) for r, z in rings])


def _ring(radius: float, height: float, spacing: float) -> NDArray[np.float64]:
    count = max(round(2 * np.pi * radius / spacing), 1)
    angle = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.full(count, height)])
