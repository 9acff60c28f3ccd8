"""A vessel's description from its outline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from scipy.optimize import brentq

from multigen_core.config.yaml_file import validate
from multigen_core.files import write_atomic
from multigen_core.world.vessel import Vessel
from multigen_robot.calibration.board import CalibrationError
from multigen_robot.calibration.outline import Array, Outline

_THINNEST, _THICKEST = 0.0003, 0.012
"""Walls [m]."""
_TOLERANCE = 0.0004
"""Deviation of the stored profile from the outline [m]."""


@dataclass(frozen=True)
class Measured:
    """What the outline cannot tell. `wall` [m]; 0: from `volume` [m³], the brimful one."""

    name: str
    wall: float = 0.0
    volume: float = 0.0
    material: str = "glass"
    opaque: bool = False
    mass: float = 0.2


def vessel_of(outline: Outline, told: Measured) -> Vessel:
    """The vessel whose inner profile is the outline less the wall.

    Raises:
        CalibrationError: neither wall nor volume is given, or no wall explains the volume.
    """
    if told.wall:
        return _vessel(outline, told, told.wall)
    if not told.volume:
        raise CalibrationError("give --wall-mm, or --volume-ml to find the wall from")

    def excess(wall: float) -> float:
        return _vessel(outline, told, wall).capacity - told.volume

    thin, thick = excess(_THINNEST), excess(_THICKEST)
    if thin * thick > 0:
        most, least = (1e6 * (x + told.volume) for x in (thin, thick))
        raise CalibrationError(
            f"no wall explains {1e6 * told.volume:.0f} ml: the outline holds {least:.0f} to "
            f"{most:.0f} ml; is the volume to the brim, and the board's size right?"
        )
    return _vessel(outline, told, float(brentq(excess, _THINNEST, _THICKEST, xtol=1e-6)))


def _vessel(outline: Outline, told: Measured, wall: float) -> Vessel:
    heights, radii = outline.heights - wall, outline.radii - wall
    inner = (heights >= 0) & (radii > 0)
    z, r = _simplified(heights[inner] - heights[inner][0], radii[inner])
    data = {
        "name": told.name,
        "description": "measured by multigen calibrate vessel",
        "profile": [(round(float(a), 5), round(float(b), 5)) for a, b in zip(z, r, strict=True)],
        "wall": round(wall, 5),
        "mass": told.mass,
        "material": told.material,
        "opaque": told.opaque,
    }
    return validate(Vessel, data, "the vessel found")


def _simplified(z: Array, r: Array) -> tuple[Array, Array]:
    """As few points as represent the profile (Douglas and Peucker)."""
    keep = {0, len(z) - 1}
    spans = [(0, len(z) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        line = np.interp(z[first : last + 1], z[[first, last]], r[[first, last]])
        off = np.abs(r[first : last + 1] - line)
        if off.max() > _TOLERANCE:
            middle = first + int(off.argmax())
            keep.add(middle)
            spans += [(first, middle), (middle, last)]
    chosen = sorted(keep)
    return z[chosen], r[chosen]


def write_vessel(path: Path, vessel: Vessel) -> None:
    """Write a YAML file that a scene can name."""
    data = vessel.model_dump(mode="json", exclude_defaults=True)
    write_atomic(path, yaml.safe_dump(data, sort_keys=False, default_flow_style=None).encode())
