"""Pose of the held vessel for the hydraulics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import acos, cos, hypot, sin

import numpy as np
from numpy.typing import NDArray

_LEVEL = 1e-6


@dataclass(frozen=True, eq=False)
class VesselPose:
    """Centre of the mouth [m] and unit axis pointing out of it, (3,) each, in the world."""

    mouth: NDArray[np.float64]
    axis: NDArray[np.float64]

    @cached_property
    def tilt(self) -> float:
        """Angle of the axis from the vertical [rad]."""
        return acos(min(max(float(self.axis[2]), -1.0), 1.0))

    @cached_property
    def downhill(self) -> NDArray[np.float64]:
        """Horizontal unit vector (3,) towards which the vessel leans; +Y when upright."""
        x, y = float(self.axis[0]), float(self.axis[1])
        length = hypot(x, y)
        if length < _LEVEL:
            return np.array([0.0, 1.0, 0.0])
        return np.array([x / length, y / length, 0.0])

    def lip(self, radius: float) -> NDArray[np.float64]:
        """The lowest point [m], (3,), of a rim of `radius` [m]."""
        tilt = self.tilt
        edge = self.downhill * (radius * cos(tilt))
        edge[2] -= radius * sin(tilt)
        return self.mouth + edge

    def on_axis(self, below: float) -> NDArray[np.float64]:
        """The point [m], (3,), `below` [m] the mouth on the axis."""
        return self.mouth - below * self.axis
