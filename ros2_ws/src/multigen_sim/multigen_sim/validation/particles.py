"""An independent particle solver, for validating the liquid model.

Position-based fluids (Macklin and Müller, ACM Trans. Graph. 32, 2013) of an inviscid liquid without
surface tension in a tilting cylinder with a fixed lip, with the cylinder as one layer of
boundary particles weighted by their volume (Akinci et al., ACM Trans. Graph. 31, 2012). For
validation only: it is slow and coarse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from multigen_core.world.wetting import GRAVITY

Vectors = NDArray[np.float64]

_STEP = 0.002
_ITERATIONS = 4
_RELAXATION = 1e-3
_SMOOTHING = 0.01
"""Fraction of the neighbours' mean velocity that a particle adopts in each step (XSPH)."""
_SETTLE = 0.6
_GONE = 2.5
"""Distance beyond the mouth at which a particle is removed, in spacings."""


def _kernel(q: Vectors, spacing: float) -> tuple[Vectors, Vectors]:
    """Cubic spline of support two spacings, and its slope over distance, at q = r / spacing."""
    scale = 1.0 / (np.pi * spacing**3)
    near, far = 1.0 - 1.5 * q**2 + 0.75 * q**3, 0.25 * (2.0 - q) ** 3
    steep, flat = -3.0 * q + 2.25 * q**2, -0.75 * (2.0 - q) ** 2
    inner = q < 1.0
    return scale * np.where(inner, near, far), scale / spacing * np.where(inner, steep, flat)


@dataclass(frozen=True, eq=False)
class Outflow:
    """Volumes left in the cylinder [m^3] over times [s], (K,) each."""

    time: Vectors
    volume: Vectors
    particles: int


class ParticleCylinder:
    """Particles in a cylinder of `radius` and `height` [m], axis along its own z."""

    def __init__(self, radius: float, height: float, volume: float, spacing: float) -> None:
        self._radius, self._height = radius, height
        self._spacing = spacing
        self._wall = self._boundary()
        self.position = self._fill(volume)
        self.velocity = np.zeros_like(self.position)
        self._volume = volume / len(self.position)
        self._wall_volume = self._boundary_volume()

    def _fill(self, volume: float) -> Vectors:
        d = self._spacing
        along = np.arange(-self._radius, self._radius, d) + d / 2
        z = np.arange(0.0, self._height, d) + d / 2
        grid = np.stack(np.meshgrid(along, along, z, indexing="ij"), -1).reshape(-1, 3)
        grid = grid[np.hypot(grid[:, 0], grid[:, 1]) < self._radius - 0.4 * d]
        order = np.argsort(grid[:, 2], kind="stable")
        return grid[order[: round(volume / d**3)]]

    def _boundary(self) -> Vectors:
        d, outer = self._spacing, self._radius + self._spacing / 2
        angle = np.linspace(0, 2 * np.pi, int(2 * np.pi * outer / d), endpoint=False)
        z = np.arange(-d / 2, self._height + 1e-9, d)
        ring = np.stack([outer * np.cos(angle), outer * np.sin(angle)], -1)
        side = [np.column_stack([ring, np.full(len(ring), height)]) for height in z]
        along = np.arange(-outer, outer + d, d)
        floor = np.stack(np.meshgrid(along, along, [-d / 2], indexing="ij"), -1).reshape(-1, 3)
        floor = floor[np.hypot(floor[:, 0], floor[:, 1]) < outer - 0.5 * d]
        return np.vstack([*side, floor])

    def _boundary_volume(self) -> Vectors:
        i, j = cKDTree(self._wall).query_pairs(2 * self._spacing, output_type="ndarray").T
        distance = np.linalg.norm(self._wall[i] - self._wall[j], axis=1)
        weight, _ = _kernel(distance / self._spacing, self._spacing)
        own, _ = _kernel(np.zeros(1), self._spacing)
        count = len(self._wall)
        total = own[0] + np.bincount(i, weight, count) + np.bincount(j, weight, count)
        return 1.0 / total

    def pour(self, tilt: Callable[[float], float], duration: float) -> Outflow:
        """Settle at the first tilt [rad], then follow `tilt` over `duration` [s]."""
        total = self._volume * len(self.position)
        start = len(self.position)
        for _ in range(round(_SETTLE / _STEP)):
            self._advance(tilt(0.0), 0.0)
            self.velocity *= 0.97
        times = np.arange(float(round(duration / _STEP))) * _STEP
        left = np.empty_like(times)
        for index, time in enumerate(times):
            rate = (tilt(time + 1e-3) - tilt(time)) / 1e-3
            self._advance(tilt(time), rate)
            left[index] = total * len(self.position) / start
        return Outflow(times, left, start)

    def _advance(self, tilt: float, rate: float) -> None:
        """One step in the frame of the cylinder, which turns about its lip at `rate` [rad/s].

        The lip is at +y; gravity turns towards it, with the centrifugal and Coriolis terms.
        """
        lip = np.array([0.0, self._radius, self._height])
        pull = GRAVITY * np.array([0.0, np.sin(tilt), -np.cos(tilt)])
        arm = self.position - lip
        arm[:, 0] = 0.0
        spin = np.array([-rate, 0.0, 0.0])
        force = pull + rate**2 * arm - 2.0 * np.cross(spin, self.velocity)
        old = self.position
        self.position = old + _STEP * (self.velocity + _STEP * force)
        self._resolve()
        self.velocity = (self.position - old) / _STEP
        self._smooth()
        stays = self.position[:, 2] < self._height + _GONE * self._spacing
        self.position, self.velocity = self.position[stays], self.velocity[stays]

    def _resolve(self) -> None:
        """Move particles until the density nowhere exceeds the rest density."""
        d, x = self._spacing, self.position
        tree = cKDTree(x)
        self._pairs = tree.query_pairs(2.1 * d, output_type="ndarray")
        i, j = self._pairs.T
        near = cKDTree(self._wall).sparse_distance_matrix(tree, 2.1 * d, output_type="coo_matrix")
        b, k = near.row, near.col
        count = len(x)
        own = float(_kernel(np.zeros(1), d)[0][0])
        v, vb = self._volume, self._wall_volume[b]

        def scatter(at: NDArray[np.intp], values: Vectors) -> Vectors:
            columns = [np.bincount(at, values[:, c], count) for c in range(3)]
            return np.stack(columns, -1)

        for _ in range(_ITERATIONS):
            apart, wall_apart = x[i] - x[j], x[k] - self._wall[b]
            r = np.maximum(np.linalg.norm(apart, axis=1), 1e-9)
            rb = np.maximum(np.linalg.norm(wall_apart, axis=1), 1e-9)
            w, dw = _kernel(np.minimum(r / d, 2.0), d)
            wb, dwb = _kernel(np.minimum(rb / d, 2.0), d)
            density = v * (own + np.bincount(i, w, count) + np.bincount(j, w, count))
            density += np.bincount(k, vb * wb, count)
            pull = v * (dw / r)[:, None] * apart
            wall_pull = (vb * dwb / rb)[:, None] * wall_apart
            gradient = scatter(i, pull) - scatter(j, pull) + scatter(k, wall_pull)
            square = (v * dw) ** 2
            norm = np.sum(gradient**2, axis=1)
            norm += np.bincount(i, square, count) + np.bincount(j, square, count)
            share = -np.maximum(density - 1.0, 0.0) / (norm + _RELAXATION / d**2)
            both = (share[i] + share[j])[:, None] * pull
            x = x + scatter(i, both) - scatter(j, both)
            x += scatter(k, share[k, None] * wall_pull)
            self._keep_inside(x)
        self.position = x

    def _keep_inside(self, x: Vectors) -> None:
        """Keep particles that have not passed the mouth inside the wall."""
        margin = 0.25 * self._spacing
        distance = np.hypot(x[:, 0], x[:, 1])
        inside = x[:, 2] < self._height
        excess = (self._radius - margin) / np.maximum(distance, 1e-9)
        x[:, :2] *= np.where(inside, np.minimum(excess, 1.0), 1.0)[:, None]
        x[:, 2] = np.maximum(x[:, 2], margin)

    def _smooth(self) -> None:
        i, j = self._pairs.T
        d, count = self._spacing, len(self.position)
        r = np.linalg.norm(self.position[i] - self.position[j], axis=1)
        w = _SMOOTHING * self._volume * _kernel(np.minimum(r / d, 2.0), d)[0]
        change = w[:, None] * (self.velocity[j] - self.velocity[i])
        for column in range(3):
            self.velocity[:, column] += np.bincount(i, change[:, column], count)
            self.velocity[:, column] -= np.bincount(j, change[:, column], count)
