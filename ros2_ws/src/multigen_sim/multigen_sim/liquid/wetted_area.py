"""Wetted wall area of a tilted vessel, tabulated."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.world.tilted_volume import MAX_TILT, segment_area, volume_table
from multigen_core.world.vessel import Vessel

_SLICES = 160
_TILTS, _PARTS = 64, 33


def wetted_area(vessel: Vessel, head: ArrayLike, tilt: float) -> NDArray[np.float64]:
    """Area [m^2] of wall and floor below levels `head` [m], (K,), above the lip at `tilt` [rad]."""
    tilt = max(tilt, 1e-5)
    edges = np.union1d(np.linspace(0.0, vessel.height, _SLICES), np.array(vessel.profile)[:, 0])
    z = (edges[1:] + edges[:-1]) / 2
    radius = vessel.radius(z)
    slant = np.hypot(np.diff(edges), np.diff(vessel.radius(edges)))
    sin, cos = np.sin(tilt), np.cos(tilt)
    below = np.asarray(head, float)[:, None] + (vessel.height - z) * cos
    chord = vessel.mouth_radius - below / sin
    arc = 2.0 * np.arccos(np.clip(chord / np.maximum(radius, 1e-12), -1.0, 1.0))
    bottom = vessel.mouth_radius - (np.asarray(head, float) + vessel.height * cos) / sin
    floor = segment_area(vessel.profile[0][1], bottom)
    return np.asarray((arc * radius * slant).sum(axis=1) + floor, float)


class WettedAreaTable:
    """Wetted area as a function of volume and tilt."""

    def __init__(self, vessel: Vessel) -> None:
        table = volume_table(vessel)
        self._tilts = np.linspace(0.0, MAX_TILT, _TILTS)
        self._volumes = np.linspace(0.0, vessel.capacity, _PARTS)
        self._areas = np.array(
            [
                wetted_area(vessel, [table.surface(v, tilt)[0] for v in self._volumes], tilt)
                for tilt in self._tilts
            ]
        )
        self._cells = self._areas.data
        self._steps = MAX_TILT / (_TILTS - 1), vessel.capacity / (_PARTS - 1)

    def area(self, volume: float, tilt: float) -> float:
        """Wetted area [m^2] of a volume [m^3] at a tilt [rad], bilinear."""
        row = min(max(tilt / self._steps[0], 0.0), _TILTS - 1.001)
        column = min(max(volume / self._steps[1], 0.0), _PARTS - 1.001)
        k, j = int(row), int(column)
        f, g = row - k, column - j
        a = self._cells
        return float(
            (1 - f) * ((1 - g) * a[k, j] + g * a[k, j + 1])
            + f * ((1 - g) * a[k + 1, j] + g * a[k + 1, j + 1])
        )


@lru_cache(maxsize=64)
def wetted_area_table(vessel: Vessel) -> WettedAreaTable:
    """The vessel's table, computed once per process."""
    return WettedAreaTable(vessel)
