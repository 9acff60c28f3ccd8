"""How much a tilted vessel holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.vessel import Vessel

_SLICES = 2000


def hold_volume(vessel: Vessel, tilt: ArrayLike, head: ArrayLike = 0.0) -> NDArray[np.float64]:
    """Volume [m^3] below a level plane `head` [m] above the lip's lowest point.

    With head 0 this is what the vessel holds at rest at each tilt [rad] from upright, (K,).
    Integrates the circular segments that the plane cuts from every slice across the axis.
    """
    tilts = np.atleast_1d(np.asarray(tilt, float))[:, None]
    z = (np.arange(_SLICES) + 0.5) * vessel.height / _SLICES
    r = vessel.radius(z)
    sin, cos = np.sin(tilts), np.cos(tilts)
    # Slice z is submerged where x sin ≥ bound, with x along the tilt.
    bound = (
        vessel.mouth_radius * sin
        + (z - vessel.height) * cos
        - np.asarray(head, float).reshape(-1, 1)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        edge = np.where(sin > 1e-9, bound / sin, np.where(bound < 0, -np.inf, np.inf))
    edge = np.clip(edge, -r, r)
    area = r**2 * np.arccos(edge / np.maximum(r, 1e-12)) - edge * np.sqrt(r**2 - edge**2)
    volume = area.sum(axis=1) * vessel.height / _SLICES
    return volume if np.ndim(tilt) else volume[0]
