"""Static hold of tilted vessels, against closed forms."""

from __future__ import annotations

from collections.abc import Iterator
from math import acos, cos, hypot, pi, sin, sqrt, tan

import numpy as np

from multigen_core.world.tilted_volume import tilted_volume
from multigen_core.world.vessel import Vessel
from multigen_sim.validation.check import Check
from multigen_sim.validation.rig import make_vessel

RADIUS, HEIGHT = 0.035, 0.12
CYLINDER = make_vessel(((0.0, RADIUS), (HEIGHT, RADIUS)))
CONE = make_vessel(((0.0, 0.0), (HEIGHT, RADIUS)))
_BOWL_RADIUS = 0.06
_RISE = _BOWL_RADIUS * (1 - np.cos(np.linspace(0, pi / 2, 400)))
BOWL = make_vessel(zip(_RISE, np.sqrt(_BOWL_RADIUS**2 - (_BOWL_RADIUS - _RISE) ** 2), strict=True))


def cylinder_volume(tilt: float) -> float:
    """Volume held by the cylinder [m^3]; a hoof (ungula) once part of the floor is dry."""
    if 2 * RADIUS * tan(tilt) <= HEIGHT:
        return pi * RADIUS**2 * (HEIGHT - RADIUS * tan(tilt))
    wet = HEIGHT / tan(tilt)
    half = sqrt(wet * (2 * RADIUS - wet))
    angle = acos((RADIUS - wet) / RADIUS)
    return (
        HEIGHT
        / (3 * wet)
        * (half * (3 * RADIUS**2 - half**2) + 3 * RADIUS**2 * (wet - RADIUS) * angle)
    )


def cone_volume(tilt: float) -> float:
    """Volume held by the cone [m^3]: an elliptic cone, base area times height over 3."""
    slope = RADIUS / HEIGHT
    z = HEIGHT * (cos(tilt) - slope * sin(tilt)) / (cos(tilt) + slope * sin(tilt))
    across, up = RADIUS + z * slope, HEIGHT - z
    major = hypot(across, up) / 2
    minor = sqrt(RADIUS * z * slope)
    distance = (across * HEIGHT - up * RADIUS) / (2 * major)
    return pi * major * minor * distance / 3


def bowl_volume(tilt: float) -> float:
    """Volume held by the hemisphere [m^3]: a spherical cap."""
    depth = _BOWL_RADIUS * (1 - sin(tilt))
    return pi * depth**2 * (_BOWL_RADIUS - depth / 3)


def checks() -> Iterator[Check]:
    """The largest deviation over tilts, as a fraction of the capacity."""
    for name, shape, form, tilts in (
        ("cylinder, hoof included", CYLINDER, cylinder_volume, np.linspace(0.05, 1.55, 60)),
        ("cone", CONE, cone_volume, np.linspace(0.05, 1.2, 60)),
        ("hemispherical bowl", BOWL, bowl_volume, np.linspace(0.05, 1.5, 60)),
    ):
        yield Check(
            f"static hold of a {name}: largest error",
            _worst(shape, form, tilts),
            0.0,
            1e-4,
            "of capacity",
            "closed form",
        )


def _worst(shape: Vessel, form: object, tilts: np.ndarray) -> float:
    assert callable(form)
    held = tilted_volume(shape, 0.0, tilts)
    return float(np.abs(held - [form(float(t)) for t in tilts]).max() / shape.capacity)
