"""What a trajectory must obey before it may reach an arm.

A controller joins a trajectory to the arm's present state by a cubic and runs cubics between the
points, so limits are checked at the extrema of those cubics and not only at the points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm, JointNameError, joint_indices
from multigen_core.arm.trajectory import Trajectory, TrajectoryError

ROUNDING = 1e-6
"""Relative excess over a limit that is put down to floating-point rounding."""


class Rule(StrEnum):
    """Why a command is refused, in the order in which the rules are checked."""

    STOPPED = "stopped"
    STATE = "state"
    NAMES = "names"
    FORM = "form"
    POSITION = "position"
    JUMP = "jump"
    VELOCITY = "velocity"
    ACCELERATION = "acceleration"


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and one line that names joint, value and limit."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limits of motion, (J,) arrays in the arm's joint order.

    `lower`, `upper` [rad]; `velocity` [rad/s] as scaled; `acceleration` [rad/s^2]; `jump` [rad],
    how far the first point may be from the measured position.
    """

    names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    velocity: NDArray[np.float64]
    acceleration: NDArray[np.float64]
    jump: float

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


def judge(
    trajectory: Trajectory,
    limits: Limits,
    arm: Arm,
    measured: NDArray[np.float64],
    start: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Trajectory | Violation:
    """What may be sent for a commanded trajectory, or the first rule that it breaks.

    That is the trajectory itself with its joints in the arm's order and its continuous joints moved
    by whole turns to the measured ones; see `violation` for the arguments.
    """
    given = ordered(trajectory, limits)
    if isinstance(given, Violation):
        return given
    turns = arm.nearest_turn(given.positions[0], measured) - given.positions[0]
    turned = replace(given, positions=given.positions + turns)
    return violation(turned, limits, measured, start) or turned


def ordered(trajectory: Trajectory, limits: Limits) -> Trajectory | Violation:
    """`trajectory` with its joints in the arm's order, if names and form are right."""
    try:
        joint_indices(limits.names, trajectory.names)
        if len(trajectory.names) > len(limits.names):
            unknown = sorted(set(trajectory.names) - set(limits.names))
            raise JointNameError(f"unknown joints: {', '.join(unknown)}")
    except JointNameError as error:
        return Violation(Rule.NAMES, str(error))
    try:
        trajectory.check()
    except TrajectoryError as error:
        return Violation(Rule.FORM, str(error))
    if trajectory.stamp:
        return Violation(
            Rule.FORM, f"stamp is {trajectory.stamp} ns; commands start when received, with stamp 0"
        )
    return trajectory.reordered(limits.names)


def violation(
    trajectory: Trajectory,
    limits: Limits,
    measured: NDArray[np.float64],
    start: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Violation | None:
    """The first rule broken by a trajectory that `ordered` has passed, or None.

    Args:
        trajectory: joints in the order of `limits`.
        limits: of the arm.
        measured: positions [rad], (J,), from which the jump to the first point is taken.
        start: position [rad] and velocity [rad/s], (J,) each, at which the controller joins it. The
            cubic from there may not break position and speed limits further than the start itself
            does; its acceleration is not checked, for the start is only known by measurement.
    """
    points, position, speed = trajectory.positions, start[0], np.abs(start[1])
    jump = np.full_like(position, limits.jump)
    with np.errstate(all="ignore"):
        cubic = trajectory.joined(*start)
        swings, peaks, bends = _extrema(cubic.c, np.diff(cubic.x)[:, None])
    first = np.arange(len(points))[:, None] == 0
    lower = np.where(first, np.minimum(limits.lower, position), limits.lower)
    upper = np.where(first, np.maximum(limits.upper, position), limits.upper)
    fastest = np.where(first, np.maximum(limits.velocity, speed), limits.velocity)
    checks = (
        (Rule.POSITION, "position", points, limits.lower, limits.upper, "rad"),
        (Rule.JUMP, "first step", points[:1] - measured, -jump, jump, "rad"),
        (Rule.POSITION, "position between points", swings[0], lower, upper, "rad"),
        (Rule.POSITION, "position between points", swings[1], lower, upper, "rad"),
        (
            Rule.VELOCITY,
            "velocity",
            trajectory.velocities,
            -limits.velocity,
            limits.velocity,
            "rad/s",
        ),
        (Rule.VELOCITY, "velocity between points", peaks, -fastest, fastest, "rad/s"),
        (
            Rule.ACCELERATION,
            "acceleration",
            bends[:, 1:].reshape(-1, len(position)),
            -limits.acceleration,
            limits.acceleration,
            "rad/s²",
        ),
    )
    for rule, what, values, low, high, unit in checks:
        # NaN and infinity, from numbers too large to multiply, must count as outside.
        outside = ~((values >= _widened(low, -1)) & (values <= _widened(high, 1)))
        if outside.any():
            row, joint = np.argwhere(outside)[0]
            value = values[row, joint]
            below, above = (np.broadcast_to(v, values.shape)[row, joint] for v in (low, high))
            bound = below if value < below else above
            return Violation(
                rule,
                f"{limits.names[joint]}: {what} {value:.4g} {unit} is beyond {bound:.4g} {unit}",
            )
    return None


def _widened(limit: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    return limit + sign * ROUNDING * np.where(np.isfinite(limit), 1 + np.abs(limit), 0.0)


def _extrema(
    c: NDArray[np.float64], h: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Extrema inside the segments of a cubic c0 x³ + c1 x² + c2 x + c3, 0 ≤ x ≤ h.

    Args:
        c: coefficients, (4, T, J).
        h: lengths, (T, 1).

    Returns:
        Both positions at which the speed vanishes, (2, T, J); the velocity where the acceleration
        does, (T, J); the accelerations at both ends, (2, T, J). Where there is no such place
        inside, the values at the segment's start.
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
