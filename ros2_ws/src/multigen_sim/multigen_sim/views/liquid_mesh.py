"""The liquid in a tilted vessel as a closed mesh of fixed topology.

The vessel is sliced across its axis; in every slice the liquid is the part of a disc beyond a
chord. Arcs form the wetted wall, chords the free surface, the outermost slices the ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.vessel import Vessel

_PARTS = (8, 8, 12)
"""Slices up to where the liquid fills the section, through there, and on to its end."""
_SLICES = sum(_PARTS)
_ARC = 29
_SAMPLES = 128
_GAP = 3e-4
"""Distance between liquid and wall, to avoid z-fighting [m]."""
_LEVEL = 1e-6
_SPREAD = [(1.0 - np.cos(np.linspace(0.0, np.pi, count))) / 2.0 for count in _PARTS]
_TURN = np.linspace(-1.0, 1.0, _ARC)


def _strip(rows: int, columns: int, first: int) -> NDArray[np.int32]:
    """Two triangles for every cell of a grid of vertices."""
    k, s = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = first + k * columns + s
    b, c, d = a + 1, a + columns, a + columns + 1
    faces = np.stack([np.stack([a, b, d], -1), np.stack([a, d, c], -1)], axis=2)
    return faces.reshape(-1, 3).astype(np.int32)


def _fan(first: int, upwards: bool) -> NDArray[np.int32]:
    k = np.arange(1, _ARC - 1)
    corners = [np.full_like(k, 0), k, k + 1] if upwards else [np.full_like(k, 0), k + 1, k]
    return (first + np.stack(corners, -1)).astype(np.int32)


_SURFACE = _SLICES * _ARC
_ENDS = _SURFACE + 2 * _SLICES
BODY_FACES = np.vstack(
    [
        _strip(_SLICES, _ARC, 0),
        _strip(_SLICES, 2, _SURFACE)[:, ::-1],
        _fan(_ENDS, upwards=False),
        _fan(_ENDS + _ARC, upwards=True),
    ]
)
"""Triangles (M, 3): the wall's grid, the free surface, the lower and the upper end."""


class LiquidBody:
    """Vertices of the liquid in one vessel; its foot is at the origin, its axis along z."""

    def __init__(self, vessel: Vessel) -> None:
        self._z = np.linspace(0.0, vessel.height, _SAMPLES)
        self._r = np.maximum(vessel.radius(self._z) - _GAP, 1e-4)
        self._slope = np.gradient(self._r, self._z)
        self._floor = vessel.floor

    def update(
        self, up: NDArray[np.float64], level: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Vertices [m] and unit normals, (N, 3), of the liquid below the plane up · p = level.

        `up` (3,) is a unit vector in the vessel's frame; `level` [m] is measured from the centre of
        the inner bottom.
        """
        lean = max(float(np.hypot(up[0], up[1])), _LEVEL)
        ahead = -up[:2] / lean if lean > _LEVEL else np.array([1.0, 0.0])
        z = self._slices(self._r - (up[2] * self._z - level) / lean)
        r, slope = np.interp(z, self._z, self._r), np.interp(z, self._z, self._slope)
        out = 1.0 / np.hypot(1.0, slope)
        down = -slope * out
        chord = np.clip((up[2] * z - level) / lean, -r, r)
        angle = np.arccos(chord / r)[:, None] * _TURN
        x, y = r[:, None] * np.cos(angle), r[:, None] * np.sin(angle)
        wall = self._place(x, y, z[:, None], ahead)
        facing = self._place(
            out[:, None] * np.cos(angle), out[:, None] * np.sin(angle), down[:, None], ahead
        )
        ends = wall[[0, -1]]
        vertices = np.concatenate(
            [wall.reshape(-1, 3), wall[:, [0, -1]].reshape(-1, 3), ends.reshape(-1, 3)]
        )
        vertices[:, 2] += self._floor
        axis = np.array([0.0, 0.0, 1.0])
        normals = np.concatenate(
            [
                facing.reshape(-1, 3),
                np.broadcast_to(up, (2 * _SLICES, 3)),
                np.broadcast_to(-axis, (_ARC, 3)),
                np.broadcast_to(axis, (_ARC, 3)),
            ]
        )
        return vertices, normals

    def _slices(self, depth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights [m] to cut at, from the depth of the liquid [m] along each sample's diameter."""
        low, high = self._stretch(depth)
        full = depth - 2.0 * self._r
        if (full > 0.0).any():
            inner = self._stretch(full)
        else:
            middle = float(self._z[np.argmax(full)])
            inner = middle, middle
        edges = np.clip([low, *inner, high], low, high)
        return np.concatenate(
            [a + (b - a) * part for a, b, part in zip(edges[:-1], edges[1:], _SPREAD, strict=True)]
        )

    def _stretch(self, inside: NDArray[np.float64]) -> tuple[float, float]:
        """First and last height [m] at which a sampled function is above 0."""
        over = np.flatnonzero(inside > 0.0)
        if not len(over):
            lowest = float(self._z[np.argmax(inside)])
            return lowest, lowest
        first, last = int(over[0]), int(over[-1])
        return self._crossing(inside, first, first - 1), self._crossing(inside, last, last + 1)

    def _crossing(self, inside: NDArray[np.float64], wet: int, dry: int) -> float:
        if dry < 0 or dry >= _SAMPLES:
            return float(self._z[wet])
        share = inside[wet] / (inside[wet] - inside[dry])
        return float(self._z[wet] + share * (self._z[dry] - self._z[wet]))

    def _place(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        z: NDArray[np.float64],
        ahead: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Points (..., 3) whose x runs along `ahead` (2,)."""
        c, s = ahead
        return np.stack([c * x - s * y, s * x + c * y, np.broadcast_to(z, x.shape)], axis=-1)


def _placeholder() -> NDArray[np.float64]:
    """A shape of this topology with volume, to compile the model with."""
    rng = np.random.default_rng(0)
    return 0.05 * rng.standard_normal((_ENDS + 2 * _ARC, 3))


BODY_VERTICES = _placeholder()
"""A shape with this topology, to compile the model with."""
