"""The falling stream as a tube swept along its parcels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.wetting import GRAVITY
from multigen_sim.views.visible_liquid import VisibleLiquid

_RINGS, _SECTORS = 40, 12
_GAP = 0.015
"""Gap between parcels at which the stream is broken [s]."""
_BREAK_UP = 13.0
"""Length at which a jet breaks up, over its diameter and the root of its Weber number."""
_FLAT = 0.02
"""Fall over which the sheet at the lip contracts into a round jet [m]."""


def _faces() -> NDArray[np.int32]:
    k, s = np.meshgrid(np.arange(_RINGS - 1), np.arange(_SECTORS), indexing="ij")
    a, b = k * _SECTORS + s, k * _SECTORS + (s + 1) % _SECTORS
    c, d = a + _SECTORS, b + _SECTORS
    return (
        np.stack([np.stack([a, d, b], -1), np.stack([a, c, d], -1)], 2)
        .reshape(-1, 3)
        .astype(np.int32)
    )


_ANGLE = np.linspace(0.0, 2 * np.pi, _SECTORS, endpoint=False)
_COS, _SIN = np.cos(_ANGLE), np.sin(_ANGLE)
STREAM_FACES = _faces()
STREAM_VERTICES = np.stack(
    [
        np.broadcast_to(0.01 * _COS, (_RINGS, _SECTORS)),
        np.broadcast_to(0.01 * _SIN, (_RINGS, _SECTORS)),
        np.broadcast_to(np.linspace(0.3, 0.1, _RINGS)[:, None], (_RINGS, _SECTORS)),
    ],
    axis=-1,
).reshape(-1, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """The stream from the lip downwards, (K,) each: centres [m] (K, 3) and half axes [m].

    `across` is the half width along the lip, `along` that in the plane of the fall; both are 0
    where it is broken.
    """

    centres: NDArray[np.float64]
    across: NDArray[np.float64]
    along: NDArray[np.float64]


@lru_cache(maxsize=1)
def trace(seen: VisibleLiquid) -> Stream | None:
    """The current stream; None if nothing falls."""
    parcels, liquid, width = seen.parcels, seen.liquid, seen.stream_width
    whole = ~parcels.drop
    points, born, fallen = parcels.points[whole], parcels.born[whole], parcels.fallen[whole]
    if len(points) < 2:
        return None
    launch = parcels.launch[whole]
    velocity = launch.copy()
    velocity[:, 2] -= GRAVITY * (seen.time - born)
    speed = np.maximum(np.linalg.norm(velocity, axis=1), 0.05)
    rate = parcels.rate[whole]
    if len(rate) >= 5:
        padded = np.pad(rate, 2, mode="edge")
        rate = np.convolve(padded, np.full(5, 0.2), mode="valid")
    radius = np.sqrt(rate / (np.pi * speed))
    thrown = np.maximum(np.linalg.norm(launch, axis=1), 0.05)
    weber = liquid.density * thrown**2 * 2 * radius / liquid.surface_tension
    reach = _BREAK_UP * 2 * radius * np.sqrt(weber) * (1 + 3 * np.sqrt(liquid.viscosity))
    beads = np.clip(fallen / np.maximum(reach, 1e-3) - 0.6, 0.0, 0.75)
    radius = radius * (1 + beads * np.sin(2 * np.pi * born * thrown / (9 * radius + 1e-4)))
    spread = 1 + np.maximum(width / (2 * np.maximum(radius, 1e-4)) - 1, 0) * np.exp(-fallen / _FLAT)
    torn = np.diff(born, append=born[-1]) < -_GAP
    place = np.linspace(0.0, len(points) - 1, _RINGS)
    samples = np.arange(len(points))
    joined = ~torn[np.minimum(place.astype(int), len(points) - 1)]
    r = np.interp(place, samples, radius) * joined
    wide = np.sqrt(np.interp(place, samples, np.minimum(spread, 6.0)))
    centres = np.stack([np.interp(place, samples, points[:, k]) for k in range(3)], axis=-1)
    return Stream(centres, r * wide, r / wide)


def tube(
    stream: Stream, forward: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vertices [m] and unit normals, (N, 3), of a stream poured towards `forward` (3,)."""
    tangent = np.gradient(stream.centres, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    across = np.broadcast_to(np.array([-forward[1], forward[0], 0.0]), tangent.shape)
    depth = np.cross(tangent, across)
    depth /= np.maximum(np.linalg.norm(depth, axis=1, keepdims=True), 1e-9)
    a, b = stream.across[:, None, None], stream.along[:, None, None]
    u = across[:, None] * _COS[:, None]
    v = depth[:, None] * _SIN[:, None]
    vertices = stream.centres[:, None] + a * u + b * v
    normals = u * np.maximum(b, 1e-6) + v * np.maximum(a, 1e-6)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return vertices.reshape(-1, 3), normals.reshape(-1, 3)
