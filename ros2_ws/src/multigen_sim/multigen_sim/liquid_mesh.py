"""The body of liquid in a tilted vessel as a closed mesh of fixed topology.

For every azimuth the wetted part of the wall is one stretch of the vessel's meridian; the free
surface is made of the chords of these stretches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.vessel import Vessel

_SECTORS, _RINGS, _SAMPLES = 40, 14, 96
_GAP = 3e-4
"""Kept between liquid and wall, so that their surfaces do not flicker into each other [m]."""


def _grid_faces(rows: int, sectors: int, first: int) -> NDArray[np.int32]:
    k, s = np.meshgrid(np.arange(rows - 1), np.arange(sectors), indexing="ij")
    a, b = first + k * sectors + s, first + k * sectors + (s + 1) % sectors
    c, d = a + sectors, b + sectors
    faces = np.stack([np.stack([a, b, d], -1), np.stack([a, d, c], -1)], axis=2)
    return faces.reshape(-1, 3).astype(np.int32)


BODY_FACES = np.vstack(
    [_grid_faces(_RINGS, _SECTORS, 0), _grid_faces(2, _SECTORS, _RINGS * _SECTORS)]
)
"""Triangles (M, 3): the wall's grid, then the free surface from its outer to its inner ring."""


def _placeholder() -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, _SECTORS, endpoint=False)
    z = np.concatenate([np.linspace(0.0, 0.1, _RINGS), [0.1001, 0.1002]])
    r = np.concatenate([np.linspace(0.01, 0.03, _RINGS), [0.0299, 0.001]])
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)
    xy = r[:, None, None] * ring
    return np.concatenate([xy, np.broadcast_to(z[:, None, None], (*xy.shape[:2], 1))], -1).reshape(
        -1, 3
    )


BODY_VERTICES = _placeholder()
"""A shape with this topology, to compile the model with."""


class LiquidBody:
    """Vertices of the liquid in one vessel; its foot is at the origin, its axis along z."""

    def __init__(self, vessel: Vessel) -> None:
        knots_z, knots_r = np.array(vessel.profile).T
        inner = np.maximum(knots_r - _GAP, 1e-4)
        r = np.concatenate([[0.0], inner])
        z = np.concatenate([[0.0], knots_z])
        length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(r), np.diff(z)) + 1e-9)])
        at = np.linspace(0.0, length[-1], _SAMPLES)
        self._r, self._z = np.interp(at, length, r), np.interp(at, length, z)
        self._rise = np.gradient(self._z, at)
        self._out = np.gradient(self._r, at)
        self._height = vessel.height
        self._floor = vessel.floor

    def update(
        self, up: NDArray[np.float64], level: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Vertices [m] and unit normals, (N, 3), of the liquid below the plane up · p = level.

        `up` (3,) is a unit vector in the vessel's frame; `level` [m] is measured from the centre of
        the inner bottom.
        """
        lean = np.arctan2(-up[1], -up[0]) if up[0] or up[1] else 0.0
        angle = lean + np.linspace(0.0, 2 * np.pi, _SECTORS, endpoint=False)
        cos, sin = np.cos(angle), np.sin(angle)
        side = up[0] * cos + up[1] * sin
        height = side[:, None] * self._r + up[2] * self._z
        wet = height <= level
        some = wet.any(axis=1)
        last_index = _SAMPLES - 1
        first = np.where(some, wet.argmax(axis=1), height.argmin(axis=1))
        last = np.where(some, last_index - wet[:, ::-1].argmax(axis=1), first)
        rows = np.arange(_SECTORS)
        start, end = first.astype(float), last.astype(float)
        for place, index, step, limit in ((start, first, -1, 0), (end, last, 1, last_index)):
            crosses = some & (index != limit)
            beyond = np.clip(index + step, 0, last_index)
            near, far = height[rows, index], height[rows, beyond]
            share = (level - near) / np.maximum(far - near, 1e-12)
            place += step * np.where(crosses, np.clip(share, 0.0, 1.0), 0.0)
        part = np.linspace(0.0, 1.0, _RINGS)[:, None]
        place = start + (end - start) * part
        samples = np.arange(_SAMPLES)
        radius = np.interp(place, samples, self._r)
        z = np.interp(place, samples, self._z)
        rise, out = np.interp(place, samples, self._rise), np.interp(place, samples, self._out)
        wall = np.stack([radius * cos, radius * sin, z], axis=-1)
        wall_normal = np.stack([rise * cos, rise * sin, -out], axis=-1)
        centre = np.clip(level / up[2], 0.0, self._height) if abs(up[2]) > 1e-6 else 0.0
        mouth_wet = up[2] * self._height <= level
        axis_chord = (first == 0) | ((last == last_index) & mouth_wet)
        from_start = (first != 0) & (last == last_index) & mouth_wet
        outer = np.where((from_start & some)[:, None], wall[0], wall[-1])
        inner = np.where((axis_chord & some)[:, None], np.array([0.0, 0.0, centre]), wall[0])
        surface_normal = np.broadcast_to(up, (2, _SECTORS, 3))
        vertices = np.concatenate([wall, outer[None], inner[None]]).reshape(-1, 3)
        vertices[:, 2] += self._floor
        normals = np.concatenate([wall_normal, surface_normal]).reshape(-1, 3)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return vertices, normals
