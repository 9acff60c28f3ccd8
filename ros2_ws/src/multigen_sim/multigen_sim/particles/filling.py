"""Particles that fill a vessel to a volume, before a solver lets them settle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_core.world.vessel import Vessel

_CLOSER = 0.97
"""Factor of the lattice's spacing by which more fit, tried repeatedly."""
_CLOSEST = 0.8
"""Of the spacing: closer particles would burst apart."""
_FROM_WALL = 0.5
"""Distance of centres from walls and floor, in spacings."""


def fill(vessel: Vessel, count: int, spacing: float) -> NDArray[np.float64]:
    """`count` points [m], (N, 3), lowest first, in the vessel's frame: foot at 0, axis along z.

    They are on a cubic lattice `spacing` [m] apart, or a little less if they would not fit.

    Raises:
        MultigenError: so many do not fit.
    """
    apart = spacing
    while apart > _CLOSEST * spacing:
        points = _lattice(vessel, apart)
        if len(points) >= count:
            return points[np.argsort(points[:, 2], kind="stable")[:count]]
        apart *= _CLOSER
    raise MultigenError(
        f"{count} particles {spacing * 1e3:.1f} mm apart do not fit into {vessel.name or 'vessel'} "
        f"({vessel.capacity * 1e6:.0f} ml): use smaller particles or less liquid"
    )


def _lattice(vessel: Vessel, spacing: float) -> NDArray[np.float64]:
    margin = _FROM_WALL * spacing
    widest = max(r for _, r in vessel.profile)
    half = int(widest / spacing)
    across = np.arange(-half, half + 1) * spacing
    up = np.arange(margin, vessel.height, spacing)
    x, y, z = (axis.ravel() for axis in np.meshgrid(across, across, up, indexing="ij"))
    inside = np.hypot(x, y) <= vessel.radius(z) - margin
    return np.column_stack([x, y, z + vessel.floor])[inside]
