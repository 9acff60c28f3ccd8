"""A bank of vessel shapes with tabulated resonances, and priors over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.acoustics import Resonator
from multigen_core.world.catalogue import vessels
from multigen_core.world.vessel import Vessel

Floats = NDArray[np.float64]

FILLS = 161
"""Nodes of the tables over the fill fraction."""
MODES = 3


@dataclass(frozen=True, eq=False)
class Shapes:
    """K vessels, tabulated over the fill fraction (FILLS,).

    `pitch` (K, FILLS, MODES) is log2 of the first modes [Hz], `level` (K, FILLS) [m], `capacity`
    (K,) [m^3], `height` (K,) inner [m]. A vessel scaled by `a` in every direction resonates at 1/a
    of the frequency.
    """

    pitch: Floats
    level: Floats
    capacity: Floats
    height: Floats


@lru_cache(maxsize=8)
def shapes_of(members: tuple[Vessel, ...]) -> Shapes:
    """Tables of these vessels."""
    fills = np.linspace(0.0, 1.0, FILLS)
    pitch, level = [], []
    for member in members:
        levels = member.level(fills * member.capacity)
        level.append(levels)
        pitch.append(np.log2(Resonator(member).modes(levels, MODES)).T)
    return Shapes(
        np.array(pitch),
        np.array(level),
        np.array([member.capacity for member in members]),
        np.array([member.height for member in members]),
    )


@dataclass(frozen=True)
class Prior:
    """Prior over the vessel.

    `members` are the candidate shapes, with `weights` (sum 1). Size varies by a factor of standard
    deviation `size` (natural log) and pitch by `detuning` (log2), which covers temperature and
    imprecise dimensions. `empty` is the probability that it starts empty; otherwise its initial
    fill is uniform up to `fullest`.
    """

    members: tuple[Vessel, ...]
    weights: tuple[float, ...]
    size: float
    detuning: float
    empty: float = 0.9
    fullest: float = 1.0

    @property
    def known(self) -> bool:
        """Whether it is a single vessel."""
        return len(self.members) == 1


def known_vessel(vessel: Vessel, detuning: float = 0.02, empty: float = 0.9) -> Prior:
    """One exact vessel."""
    return Prior((vessel,), (1.0,), 0.0, detuning, empty)


def cone(bottom: float, top: float, height: float) -> Vessel:
    """A vessel of inner radii `bottom` and `top` and inner `height` [m]."""
    return Vessel(
        description="a cone", profile=((0.0, bottom), (height, top)),
        wall=0.002, mass=0.1, material="glass", opaque=False,
    )  # fmt: skip


def unknown_vessel(empty: float = 0.9) -> Prior:
    """Anything like the catalogue's training vessels, larger or smaller, and cones."""
    catalogue = [v for v in vessels().values() if not v.held_out]
    cones = [
        cone(0.035 * (1 - taper), 0.035 * (1 + taper), height)
        for height in (0.06, 0.08, 0.10, 0.13, 0.17)
        for taper in (0.0, 0.13, 0.26)
    ]
    return _evenly([*catalogue, *cones], 0.15, empty)


def sized_vessel(diameter: float, height: float, error: float = 0.05, empty: float = 0.9) -> Prior:
    """A vessel whose inner `diameter` at the mouth and `height` [m] are known within `error`."""
    radius = diameter / 2
    members = [cone(radius * (1 - taper), radius, height) for taper in (0.0, 0.15, 0.3, 0.4)]
    return _evenly(members, error, empty)


def _evenly(members: Sequence[Vessel], size: float, empty: float) -> Prior:
    return Prior(tuple(members), (1 / len(members),) * len(members), size, 0.02, empty)
