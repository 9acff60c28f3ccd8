"""Vessels of continuous sizes and shapes, made from the catalogue's training vessels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.material import materials
from multigen_core.world.vessel import Vessel

_KNOTS = 24
_WIDEST, _HIGHEST = 0.076, 0.225
"""Outer radius and rim height [m] that the hearing view shows and the arm reaches."""
_NARROWEST_MOUTH = 0.01
"""Its radius [m]."""


def varied(vessel: Vessel, rng: np.random.Generator) -> Vessel:
    """Another vessel: stretched, widened, bulged or drawn in, of any wall and material.

    One in eight stands on a stem, one in six has a bottle's neck. It is no vessel of the catalogue.
    """
    z, r = _profile(vessel, rng)
    stem = float(rng.uniform(0.03, 0.095)) if rng.random() < 0.125 else 0.0
    wall = float(np.exp(rng.uniform(np.log(0.0004), np.log(0.006))))
    room = _HIGHEST - stem - wall
    if z[-1] > room:
        z *= room / z[-1]
    r *= min(1.0, (_WIDEST - wall) / r.max())
    r[-1] = max(r[-1], _NARROWEST_MOUTH)
    names = tuple(materials())
    material = names[int(rng.integers(len(names)))]
    opaque = material not in ("glass", "plastic") or (material == "plastic" and rng.random() < 0.5)
    colour = (*rng.uniform(0.15, 0.95, 3), 1.0)
    if not opaque:
        colour = (*rng.uniform(0.7, 0.97, 3), float(rng.uniform(0.18, 0.5)))
    return Vessel(
        description=f"varied {vessel.name}",
        profile=tuple((float(a), float(b)) for a, b in zip(z, r, strict=True)),
        wall=wall,
        stem=stem,
        mass=vessel.mass,
        material=material,
        opaque=opaque,
        colour=colour,
    )


def _profile(
    vessel: Vessel, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    knots = np.array(vessel.profile)
    z = np.union1d(np.linspace(0.0, vessel.height, _KNOTS), knots[:, 0])
    z = z[np.append(True, np.diff(z) > 5e-4)]
    r = vessel.radius(z)
    part = z / z[-1]
    r = r * rng.uniform(0.75, 1.3)
    if rng.random() < 0.6:
        r = r * (1 + rng.uniform(-0.25, 0.25) * (part - 0.5))
    if rng.random() < 0.4:
        centre, width = rng.uniform(0.1, 0.9), rng.uniform(0.12, 0.4)
        r = r * (1 + rng.uniform(-0.2, 0.4) * np.exp(-(((part - centre) / width) ** 2)))
    if rng.random() < 0.3:
        shoulder = rng.uniform(0.5, 0.9)
        slope = np.clip((part - shoulder) / rng.uniform(0.05, 0.3), 0.0, 1.0)
        r = r * (1 - rng.uniform(0.1, 0.45) * slope**2 * (3 - 2 * slope))
    elif rng.random() < 0.24:
        shoulder, neck = rng.uniform(0.45, 0.75), rng.uniform(0.01, 0.022)
        slope = np.clip((part - shoulder) / rng.uniform(0.08, 0.22), 0.0, 1.0)
        r = r + (np.minimum(r, neck) - r) * slope**2 * (3 - 2 * slope)
    return z * rng.uniform(0.7, 1.6), np.maximum(r, 0.004)
