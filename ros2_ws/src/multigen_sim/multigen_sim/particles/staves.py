"""A vessel as convex pieces, like the staves of a barrel: the collider of every particle solver.

Each straight part of the profile gives a ring of staves. Solvers that take convex hulls only (GPU
particles among them) would otherwise fill the cavity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_core.world.vessel import Vessel

SECTORS = 24
_SHARPEST = 0.4
"""Least cosine between a corner's mean normal and a part's; limits the length of its miter."""


@dataclass(frozen=True, eq=False)
class Staves:
    """Convex pieces by their corners [m], in the vessel's frame: foot at the origin, axis along z.

    `walls` is (S, 8, 3): the lower and the upper edge of the inner face, then of the outer one; its
    corners coincide where the profile meets the axis. `floor` is (2 K, 3), a prism whose upper face
    comes first. Neighbours share faces, so there are no gaps. `outline` (M, 2) is the section of
    all pieces in a sector's middle plane, as (distance from the axis, height), from the axis below
    the floor outwards, over the rim and back to the axis above it.
    """

    walls: NDArray[np.float64]
    floor: NDArray[np.float64]
    outline: NDArray[np.float64]

    @property
    def pieces(self) -> list[NDArray[np.float64]]:
        """Every piece's corners [m], (8, 3) or (2 K, 3)."""
        return [*self.walls, self.floor]

    @classmethod
    def of(
        cls,
        vessel: Vessel,
        thickness: float = 0.0,
        sectors: int = SECTORS,
        taper: float = 0.0,
    ) -> Staves:
        """The staves of a vessel, outwards of its cavity.

        Args:
            vessel: to build.
            thickness: least wall [m], for solvers whose particles pass through thin walls.
            sectors: staves in a ring. Their polygon has the area of the circle that it stands for,
                so the cavity holds the vessel's capacity exactly.
            taper: length [m] below the rim over which walls thin to the vessel's own, so that
                thick walls do not make a broad lip.

        Raises:
            MultigenError: there are too few sectors, or the thickness is negative.
        """
        if sectors < 3 or min(thickness, taper) < 0.0:
            raise MultigenError(
                f"staves with {sectors} sectors, walls of {thickness} m and a taper of {taper} m: "
                "use at least 3 sectors, and 0 or more for the others"
            )
        z = np.array(vessel.profile)[:, 0]
        if taper:
            z = np.union1d(z, max(vessel.height - taper, 0.0))
        inner = np.column_stack([vessel.radius(z), z + vessel.floor])
        extra = max(thickness - vessel.wall, 0.0)
        thinning = np.minimum((vessel.height - z) / taper, 1.0) if taper else np.ones(len(z))
        wall = vessel.wall + extra * thinning
        outer = inner + wall[:, None] * _outward(inner)
        outer[:, 0] = np.maximum(outer[:, 0], inner[:, 0])
        outer[-1] = inner[-1] + [wall[-1], 0.0]
        corners = _ring(np.stack([inner, outer]), sectors)
        edges = np.stack([corners, np.roll(corners, -1, axis=2)], axis=3)
        lower, upper = edges[:, :-1], edges[:, 1:]
        walls = np.concatenate([lower[0], upper[0], lower[1], upper[1]], axis=2)
        bottom = np.array([outer[0, 0], vessel.floor])
        rim = np.stack([bottom, bottom - [0.0, wall[0]]])
        axis = np.array([[0.0, vessel.floor - wall[0]], [0.0, vessel.floor]])
        outline = np.vstack([axis[0], rim[1], outer, inner[::-1], axis[1]])
        outline[:, 0] *= _equal_area(sectors) * np.cos(np.pi / sectors)
        return cls(walls.reshape(-1, 8, 3), _ring(rim, sectors).reshape(-1, 3), outline)


def _outward(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offsets (K, 2) per wall of 1 that keep a wall's thickness along a line (K, 2) of (r, z)."""
    along = np.diff(line, axis=0)
    normals = np.column_stack([along[:, 1], -along[:, 0]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    before, after = np.vstack([normals[:1], normals]), np.vstack([normals, normals[-1:]])
    mean = before + after
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    return mean / np.maximum(np.sum(mean * after, axis=1, keepdims=True), _SHARPEST)


def _ring(line: NDArray[np.float64], sectors: int) -> NDArray[np.float64]:
    """Corners (..., sectors, 3) of the polygons that stand for circles (..., 2) of (r, z)."""
    angle = np.linspace(0.0, 2 * np.pi, sectors, endpoint=False)
    r = _equal_area(sectors) * line[..., 0, None]
    x, y = r * np.cos(angle), r * np.sin(angle)
    return np.stack([x, y, np.broadcast_to(line[..., 1, None], x.shape)], axis=-1)


def _equal_area(sectors: int) -> float:
    """Radius of a polygon's corners over that of the circle with its area."""
    return float(np.sqrt(2 * np.pi / sectors / np.sin(2 * np.pi / sectors)))
