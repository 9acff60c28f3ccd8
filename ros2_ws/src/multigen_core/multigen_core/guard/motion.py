"""What a controller makes of a trajectory: cubics from the arm's present state through its points.

Limits hold at the extrema of those cubics and not only at the points.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm.trajectory import Trajectory

Start = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Position [rad] and velocity [rad/s], (J,) each, at which a controller joins a trajectory."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A trajectory of T points for J joints and the cubic a controller joins it by.

    `measured`: positions [rad], (J,). `planned`: whether `start` is where the controller is in the
    trajectory before, rather than a measurement.

    Derived, each for the T segments: `swings`, positions [rad] at which the speed vanishes inside
    the segment, (2, T, J); `peaks`, the velocity [rad/s] where the acceleration does, (T, J), each
    the value at the segment's start where there is no such place; `bends`, the accelerations
    [rad/s^2] at both ends, (2, T, J).
    """

    trajectory: Trajectory
    measured: NDArray[np.float64]
    start: Start
    planned: bool = True
    swings: NDArray[np.float64] = field(init=False)
    peaks: NDArray[np.float64] = field(init=False)
    bends: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        # Numbers too large to multiply end as NaN or infinity, which the rules refuse.
        with np.errstate(all="ignore"):
            cubic = self.trajectory.joined(*self.start)
            extrema = _extrema(cubic.c, np.diff(cubic.x)[:, None])
        for name, values in zip(("swings", "peaks", "bends"), extrema, strict=True):
            object.__setattr__(self, name, values)

    def widened(
        self, limit: NDArray[np.float64], start: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """A limit (J,) for each segment, (T, J): as wide as its `start` (J,) in the first."""
        first = np.arange(len(self.trajectory.times))[:, None] == 0
        return np.where(first, start, limit)


def _extrema(
    c: NDArray[np.float64], h: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Swings, peaks and bends of cubics c0 x³ + c1 x² + c2 x + c3, 0 ≤ x ≤ h.

    Args:
        c: coefficients, (4, T, J).
        h: lengths, (T, 1).
    """
    c0, c1, c2, c3 = c
    root = np.sqrt(np.maximum(c1**2 - 3 * c0 * c2, 0.0))
    # The form that does not cancel, which also holds where c0 vanishes.
    pivot = -(c1 + np.copysign(root, c1))
    turns = np.stack([pivot / (3 * c0), c2 / pivot])
    turns = np.where((turns > 0) & (turns < h), turns, 0.0)
    bend = -c1 / (3 * c0)
    bend = np.where((bend > 0) & (bend < h), bend, 0.0)
    swings = ((c0 * turns + c1) * turns + c2) * turns + c3
    peaks = (3 * c0 * bend + 2 * c1) * bend + c2
    return swings, peaks, np.stack([2 * c1, 2 * c1 + 6 * c0 * h])
