"""Vessels and liquids as meshes."""

from __future__ import annotations

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from multigen_core.world.revolution_mesh import revolve, vessel_outline
from multigen_core.world.vessel import Vessel

LIQUID = (90, 160, 255, 200)
_CLEAREST = 0.35
"""Opacity below which a vessel could not be seen."""
_SECTORS = 32


def glass(vessel: Vessel) -> rr.Mesh3D:
    """A vessel as it stands on z = 0."""
    *colour, opacity = vessel.colour
    return _mesh(vessel_outline(vessel), (*colour, max(opacity, _CLEAREST)))


def content(vessel: Vessel, level: float) -> rr.Mesh3D:
    """Liquid up to `level` [m] above the inner bottom of an upright vessel."""
    heights = np.linspace(0.0, max(level, 1e-4), 12)
    wall = np.column_stack([0.98 * vessel.radius(heights), vessel.floor + heights])
    outline = np.vstack([[0.0, wall[0, 1]], wall, [0.0, wall[-1, 1]]])
    return _mesh(outline, tuple(part / 255 for part in LIQUID))


def _mesh(outline: NDArray[np.float64], colour: tuple[float, ...]) -> rr.Mesh3D:
    mesh = revolve(outline, _SECTORS)
    return rr.Mesh3D(
        vertex_positions=mesh.vertices,
        triangle_indices=mesh.faces,
        albedo_factor=[round(255 * part) for part in colour],
    )
