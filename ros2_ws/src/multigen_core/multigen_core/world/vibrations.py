"""Closed forms, in SI units, for the vibrations of the vessel's wall and of bubbles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ATMOSPHERE = 101_325.0
"""[Pa]"""
HEAT_CAPACITY_RATIO = 1.4
"""Of air."""

_CANTILEVER = (1.87510, 4.69409, 7.85476)
"""Roots of cos m cosh m = -1: bending modes of a clamped-free bar."""


def wall_frequency(
    radius: float,
    height: float,
    thickness: float,
    young: float,
    density: float,
    n: int = 2,
    m: int = 1,
) -> float:
    """Bending mode [Hz] of an empty glass, a cylinder clamped at its bottom.

    f = (1 / 12 pi) sqrt(3 Y / rho) (a / R^2) sqrt(((n^2 - 1)^2 + (x_m R / H)^4) / (1 + 1 / n^2))
    (French, Am. J. Phys. 51, 688, 1983). For a tall glass it becomes the inextensional ring's
    n (n^2 - 1) / sqrt(n^2 + 1) a / (2 pi sqrt(12) R^2) sqrt(Y / rho) (Rayleigh, Theory of Sound,
    §233). A wine glass (R 35 mm, H 90 mm, a 1 mm) gives 520 Hz; real ones ring at 400-1000 Hz.

    Args:
        radius: R [m].
        height: H [m].
        thickness: a [m] of the wall.
        young: Y [Pa].
        density: of the wall [kg/m^3].
        n: waves around the rim, from 2.
        m: bending mode along the height, 1 to 3.
    """
    if n < 2 or not 1 <= m <= len(_CANTILEVER):
        raise ValueError(f"wall mode (m={m}, n={n}): m is 1..{len(_CANTILEVER)}, n at least 2")
    axial = (_CANTILEVER[m - 1] * radius / height) ** 4
    shape = np.sqrt(((n**2 - 1) ** 2 + axial) / (1 + 1 / n**2))
    return float(np.sqrt(3 * young / density) * thickness / radius**2 * shape / (12 * np.pi))


def wall_loading(
    level: ArrayLike,
    radius: float,
    height: float,
    thickness: float,
    density: float,
    liquid_density: float,
) -> NDArray[np.float64]:
    """Factor <= 1 by which liquid up to `level` [m] lowers the wall modes.

    (f0 / f)^2 = 1 + (1.25 / 5) (rho_l R) / (rho a) (h / H)^4 (French 1983, with alpha = 1.25). The
    1.25 / 5 is below the 0.4 of an infinite cylinder, whose liquid cannot move upwards.
    Brimful with water: 1300 cents for a 1 mm wall with R 35 mm, 870 for 2 mm, 660 for 3 mm.
    """
    filled = np.clip(np.asarray(level, np.float64) / height, 0.0, 1.0)
    load = 0.25 * liquid_density * radius / (density * thickness)
    return 1.0 / np.sqrt(1.0 + load * filled**4)


def bubble_frequency(radius: ArrayLike, liquid_density: float = 998.0) -> NDArray[np.float64]:
    """Resonance [Hz] of a bubble: sqrt(3 gamma p0 / rho) / (2 pi r), 3.26 / r in water.

    (Minnaert 1933; surface tension neglected, accurate within 1 % above r = 0.1 mm.)
    """
    stiffness = np.sqrt(3 * HEAT_CAPACITY_RATIO * ATMOSPHERE / liquid_density)
    return stiffness / (2 * np.pi * np.asarray(radius, np.float64))


def bubble_damping(
    radius: ArrayLike, liquid_density: float = 998.0, viscosity: float = 0.001
) -> NDArray[np.float64]:
    """Decay rate d [1/s] of a bubble's amplitude exp(-d t).

    0.13 / r + 0.0072 r^-1.5 for radiation and thermal losses in water (van den Doel, ACM TAP 2(4),
    2005), plus 2 mu / (rho r^2) for viscosity beyond water's (Leighton, The Acoustic Bubble, 1994).
    """
    r = np.asarray(radius, np.float64)
    viscous = 2 * max(viscosity - 0.001, 0.0) / (liquid_density * r**2)
    return 0.13 / r + 0.0072 * r**-1.5 + viscous
