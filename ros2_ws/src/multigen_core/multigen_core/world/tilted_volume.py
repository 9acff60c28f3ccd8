"""Volume of liquid below a level in a tilted solid of revolution: V(h, θ).

Heights are measured from the lip, the lowest point of the rim: a head of 0 is the volume that a
slow pour leaves behind. Cross-sections are circular segments, integrated along the axis by Gauss-
Legendre rules between the points where the surface meets the wall.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.world.vessel import Vessel

MAX_TILT = 2.7
"""Largest tilt tabulated [rad]."""
_SMALL_TILT = 1e-5
_ROW = 0.01
_AHEAD = 0.02
_NODES, _WEIGHTS = (np.array(a) for a in np.polynomial.legendre.leggauss(10))
_UNIT = (_NODES + 1) / 2
_STRETCH = _UNIT**2 * (3 - 2 * _UNIT)
_STRETCH_WEIGHTS = _WEIGHTS / 2 * 6 * _UNIT * (1 - _UNIT)


def segment_area(radius: ArrayLike, distance: ArrayLike) -> NDArray[np.float64]:
    """Area [m^2] of the part of a disc beyond a chord at a signed distance [m] from its centre."""
    r = np.asarray(radius, float)
    x = np.clip(np.divide(distance, np.maximum(r, 1e-12)), -1.0, 1.0)
    return r**2 * (np.arccos(x) - x * np.sqrt(1 - x**2))


def tilted_volume(vessel: Vessel, head: ArrayLike, tilt: ArrayLike) -> NDArray[np.float64]:
    """Volume [m^3] inside the vessel below a level `head` [m] above the lip at `tilt` [rad].

    Arrays broadcast. The stretched rule keeps full order at the square roots where the surface
    touches the wall: relative error below 1e-6 of the capacity.
    """
    head, tilt = np.broadcast_arrays(np.asarray(head, float), np.asarray(tilt, float))
    tilt = np.maximum(tilt, _SMALL_TILT)
    z, r = np.array(vessel.profile).T
    slope = np.diff(r) / np.diff(z)
    apex = r[:-1] - slope * z[:-1]
    steep = (np.cos(tilt) / np.sin(tilt))[..., None]
    start = vessel.mouth_radius - head[..., None] / np.sin(tilt)[..., None] - steep * vessel.height
    with np.errstate(divide="ignore", invalid="ignore"):
        enters = (apex - start) / (steep - slope)
        leaves = (-apex - start) / (steep + slope)
    low, high = z[:-1], z[1:]
    a, b = (np.clip(np.nan_to_num(w, nan=0.0), low, high) for w in (enters, leaves))
    full = np.broadcast_to(low, a.shape), np.broadcast_to(high, a.shape)
    edges = np.stack([full[0], np.minimum(a, b), np.maximum(a, b), full[1]], axis=-1)
    width = np.diff(edges, axis=-1)[..., None]
    w = edges[..., :-1, None] + width * _STRETCH
    radius = apex[:, None, None] + slope[:, None, None] * w
    chord = start[..., None, None] + steep[..., None, None] * w
    return np.sum(segment_area(radius, chord) * width * _STRETCH_WEIGHTS, axis=(-1, -2, -3))


def lowest_head(vessel: Vessel, tilt: ArrayLike) -> NDArray[np.float64]:
    """Head [m] of the lowest point inside the vessel: at and below it the vessel is empty."""
    return _extreme(vessel, tilt, -1.0)


def highest_head(vessel: Vessel, tilt: ArrayLike) -> NDArray[np.float64]:
    """Head [m] of the highest point inside the vessel: at and above it the vessel is full."""
    return _extreme(vessel, tilt, 1.0)


def _extreme(vessel: Vessel, tilt: ArrayLike, sign: float) -> NDArray[np.float64]:
    z, r = np.array(vessel.profile).T
    s, c = np.sin(tilt)[..., None], np.cos(tilt)[..., None]
    heights = (vessel.mouth_radius + sign * r) * s + (z - vessel.height) * c
    return heights.max(axis=-1) if sign > 0 else heights.min(axis=-1)


class VolumeTable:
    """V(h, θ) of one vessel, tabulated for lookups in microseconds.

    Rows are tilts 0.01 rad apart; columns divide the heads from empty to full, denser at both ends,
    where the curvature is largest. The interpolation error is below 1e-4 of the capacity.
    """

    def __init__(self, vessel: Vessel) -> None:
        self._tilts = np.arange(0.0, MAX_TILT + 2 * _ROW, _ROW)
        part = (1.0 - np.cos(np.linspace(0.0, np.pi, 129))) / 2.0
        self._part = part
        self._low = lowest_head(vessel, self._tilts)
        self._high = highest_head(vessel, self._tilts)
        heads = self._low[:, None] + part * (self._high - self._low)[:, None]
        rows = [
            tilted_volume(vessel, row, tilt) for row, tilt in zip(heads, self._tilts, strict=True)
        ]
        self._volumes = np.maximum.accumulate(np.array(rows), axis=1)
        self._parts: list[float] = part.tolist()
        self._cells = self._volumes.data
        """The same volumes, for reading single numbers faster than numpy does."""
        self._capacity = vessel.capacity

    def _place(self, tilt: float) -> tuple[int, float, float, float]:
        """The row at or before a tilt, the share of the next, and the lowest and highest head."""
        place = min(max(tilt, 0.0), MAX_TILT) / _ROW
        k = int(place)
        f = place - k
        low = (1 - f) * self._low[k] + f * self._low[k + 1]
        high = (1 - f) * self._high[k] + f * self._high[k + 1]
        return k, f, float(low), float(high)

    def _row(self, tilt: float) -> tuple[float, float, NDArray[np.float64]]:
        k, f, low, high = self._place(tilt)
        return low, high, self._volumes[k] + f * (self._volumes[k + 1] - self._volumes[k])

    def volume(self, head: float, tilt: float) -> float:
        """Volume [m^3] below `head` [m] above the lip at `tilt` [rad]."""
        low, high, row = self._row(tilt)
        return float(np.interp((head - low) / (high - low), self._part, row))

    def bared(self, tilt: float) -> float:
        """Volume that a slow tilt releases at `tilt` [rad], over the tilt [m^3/rad]."""
        return (self.volume(0.0, tilt) - self.volume(0.0, tilt + _AHEAD)) / _AHEAD

    def heads(self, volumes: ArrayLike, tilt: float) -> NDArray[np.float64]:
        """Heads [m] above the lip of several `volumes` [m^3] at one `tilt` [rad], (N,)."""
        low, high, row = self._row(tilt)
        return low + (high - low) * np.interp(np.asarray(volumes, float), row, self._part)

    def surface(self, volume: float, tilt: float) -> tuple[float, float, float]:
        """Head [m], surface area [m^2] and volume held back [m^3] of a volume [m^3] at a tilt.

        The head is that of the liquid's surface above the lip; the volume held back has head 0.
        """
        above, share, low, high = self._place(tilt)
        cells, part = self._cells, self._parts

        def held_below(column: int) -> float:
            first = cells[above, column]
            return float(first + share * (cells[above + 1, column] - first))

        k = bisect_left(range(len(part)), volume, key=held_below)
        k = min(max(k - 1, 0), len(part) - 2)
        below = held_below(k)
        rise = max(held_below(k + 1) - below, 1e-15)
        step = (part[k + 1] - part[k]) * (high - low)
        inside = min(max((volume - below) / rise, 0.0), 1.0)
        head = low + (high - low) * part[k] + inside * step
        lip = -low / (high - low)
        j = min(max(bisect_right(part, lip) - 1, 0), len(part) - 2)
        at = held_below(j)
        held = (held_below(j + 1) - at) / (part[j + 1] - part[j]) * (lip - part[j]) + at
        return head, rise / step, held


@lru_cache(maxsize=64)
def volume_table(vessel: Vessel) -> VolumeTable:
    """The vessel's table, computed once per process."""
    return VolumeTable(vessel)
