"""What an arm may be told to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limits of motion, (J,) arrays in the arm's joint order.

    `lower`, `upper` [rad]; `velocity` [rad/s] as scaled; `acceleration` [rad/s^2]; `jump` [rad],
    how far the first point may be from the measured position; `soonest` [s], how far ahead the
    first point must lie; `longest` [s], how long a trajectory may last.
    """

    names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    velocity: NDArray[np.float64]
    acceleration: NDArray[np.float64]
    jump: float
    soonest: float = 0.05
    longest: float = 600.0

    @classmethod
    def of(cls, arm: Arm, velocity_scale: float, jump: float) -> Limits:
        """The limits of `arm` with its speeds scaled."""
        return cls(
            arm.names,
            arm.lower,
            arm.upper,
            velocity_scale * arm.velocity,
            arm.acceleration,
            jump,
        )
