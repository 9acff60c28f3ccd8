"""Whether a command may reach an arm: every rule in order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion, Start
from multigen_core.guard.rules import MOVING, READING, Violation


def judge(
    trajectory: Trajectory,
    limits: Limits,
    arm: Arm,
    measured: NDArray[np.float64],
    start: Start,
    planned: bool = True,
) -> Trajectory | Violation:
    """What may be sent for a commanded trajectory, or the first rule that it breaks.

    That is the trajectory itself with its joints in the arm's order and its continuous joints moved
    by whole turns to the measured ones.

    Args:
        trajectory: as it came.
        limits: of the arm.
        arm: its description.
        measured: positions [rad], (J,), from which the jump to the first point is taken.
        start: position [rad] and velocity [rad/s], (J,) each, at which the controller joins it.
        planned: whether `start` is the controller's plan; false for a measurement.
    """
    for read in READING:
        found = read(trajectory, limits)
        if found is not None:
            return found
    given = trajectory.reordered(limits.names)
    turns = arm.nearest_turn(given.positions[0], measured) - given.positions[0]
    turned = replace(given, positions=given.positions + turns)
    return violation(Motion(turned, measured, start, planned), limits) or turned


def violation(motion: Motion, limits: Limits) -> Violation | None:
    """The first rule that a motion of the limits' joints breaks, or None."""
    for rule in MOVING:
        found = rule(motion, limits)
        if found is not None:
            return found
    return None
