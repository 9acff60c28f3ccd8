"""Meshes of solids of revolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.vessel import Vessel

SECTORS = 48


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles: `vertices` [m] (N, 3), `faces` (M, 3), counter-clockwise from outside."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]


def revolve(outline: NDArray[np.float64], sectors: int = SECTORS) -> Mesh:
    """The surface of an outline (K, 2) of (r, z) [m] revolved about z.

    The outside is to the right of the outline: upwards along an outer wall.
    """
    angle = np.linspace(0.0, 2 * np.pi, sectors, endpoint=False)
    r, z = outline.T
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    xy = r[:, None, None] * ring
    vertices = np.concatenate([xy, np.broadcast_to(z[:, None, None], (*xy.shape[:2], 1))], axis=-1)
    k, s = np.meshgrid(np.arange(len(r) - 1), np.arange(sectors), indexing="ij")
    a, b = k * sectors + s, k * sectors + (s + 1) % sectors
    c, d = a + sectors, b + sectors
    faces = np.stack([np.stack([a, b, d], -1), np.stack([a, d, c], -1)], axis=2)
    return Mesh(vertices.reshape(-1, 3), faces.reshape(-1, 3).astype(np.int32))


def vessel_outline(vessel: Vessel) -> NDArray[np.float64]:
    """The vessel's wall as a closed outline (K, 2) of (r, z) [m] above the supporting surface."""
    z, r = np.array(vessel.profile).T
    inner = np.column_stack([r, z + vessel.floor])
    outer = inner + np.array([vessel.wall, 0.0])
    axis = 1e-4
    bottom = [[axis, vessel.stem], [outer[0, 0], vessel.stem]]
    if vessel.stem:
        foot = max(0.8 * r.max(), 0.02)
        bottom = [
            [axis, 0.0],
            [foot, 0.0],
            [foot, 0.002],
            [0.006, 0.006],
            [0.004, 0.012],
            [0.004, vessel.stem - 0.004],
        ]
    floor = [[axis, vessel.floor]]
    return np.vstack([bottom, outer, inner[::-1], floor])


def vessel_mesh(vessel: Vessel) -> Mesh:
    """The vessel's wall, its foot at the origin and its axis along z."""
    return revolve(vessel_outline(vessel))
