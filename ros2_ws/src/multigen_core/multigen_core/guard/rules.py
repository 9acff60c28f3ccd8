"""What a command must obey before it may reach an arm: one rule, one function.

A new rule is a function here, its place in `READING` or `MOVING`, and its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import JointNameError
from multigen_core.arm.trajectory import Trajectory, TrajectoryError
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion

ROUNDING = 1e-6
"""Relative excess over a limit that is put down to floating-point rounding."""


class Rule(StrEnum):
    """Why a command is refused, in the order in which the rules are checked."""

    STOPPED = "stopped"
    STATE = "state"
    NAMES = "names"
    FORM = "form"
    TIME = "time"
    POSITION = "position"
    JUMP = "jump"
    VELOCITY = "velocity"
    ACCELERATION = "acceleration"


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and one line that names joint, value and limit."""

    rule: Rule
    reason: str


def names(trajectory: Trajectory, limits: Limits) -> Violation | None:
    """Every joint of the arm, and no other."""
    try:
        trajectory.indices(limits.names)
    except JointNameError as error:
        return Violation(Rule.NAMES, str(error))
    return None


def form(trajectory: Trajectory, limits: Limits) -> Violation | None:
    """What every controller needs: finite numbers of matching shapes, times that rise, stamp 0."""
    try:
        trajectory.check()
    except TrajectoryError as error:
        return Violation(Rule.FORM, str(error))
    if trajectory.stamp:
        return Violation(
            Rule.FORM, f"stamp is {trajectory.stamp} ns; commands start when received, with stamp 0"
        )
    return None


def time(trajectory: Trajectory, limits: Limits) -> Violation | None:
    """No first point that cannot be reached gently, and no end beyond any use."""
    first, last = trajectory.times[0], trajectory.times[-1]
    if first < limits.soonest:
        return Violation(
            Rule.TIME, f"the first point is {first:.3g} s ahead, not at least {limits.soonest:g} s"
        )
    if last > limits.longest:
        return Violation(
            Rule.TIME, f"the last point is {last:.3g} s ahead, not at most {limits.longest:g} s"
        )
    return None


def position(motion: Motion, limits: Limits) -> Violation | None:
    """Every point within the joints' range."""
    points = motion.trajectory.positions
    return _outside(Rule.POSITION, "position", points, limits.lower, limits.upper, limits)


def jump(motion: Motion, limits: Limits) -> Violation | None:
    """The first point near the measured position."""
    step = motion.trajectory.positions[:1] - motion.measured
    most = np.array(limits.jump)
    return _outside(Rule.JUMP, "first step", step, -most, most, limits)


def position_between(motion: Motion, limits: Limits) -> Violation | None:
    """The cubics within the joints' range, the first no further out than it starts."""
    start, _ = motion.start
    lower = motion.widened(limits.lower, np.minimum(limits.lower, start))
    upper = motion.widened(limits.upper, np.maximum(limits.upper, start))
    for swing in motion.swings:
        found = _outside(Rule.POSITION, "position between points", swing, lower, upper, limits)
        if found is not None:
            return found
    return None


def velocity(motion: Motion, limits: Limits) -> Violation | None:
    """Every point within the scaled speed limits."""
    speeds, most = motion.trajectory.velocities, limits.velocity
    return _outside(Rule.VELOCITY, "velocity", speeds, -most, most, limits)


def velocity_between(motion: Motion, limits: Limits) -> Violation | None:
    """The cubics within the scaled speed limits, the first no faster than it starts."""
    _, speed = motion.start
    most = motion.widened(limits.velocity, np.maximum(limits.velocity, np.abs(speed)))
    return _outside(Rule.VELOCITY, "velocity between points", motion.peaks, -most, most, limits)


def acceleration(motion: Motion, limits: Limits) -> Violation | None:
    """The cubics between given points within the acceleration limits."""
    bends = motion.bends[:, 1:].reshape(-1, len(limits.names))
    most = limits.acceleration
    return _outside(Rule.ACCELERATION, "acceleration", bends, -most, most, limits)


def acceleration_at_first(motion: Motion, limits: Limits) -> Violation | None:
    """The cubic to the first point, h ahead, within the limits but for what its sender cannot know.

    A command is late by up to h, in which the controller's position changes by |v| h and its
    velocity by A h at most, and may start from a measurement that differs from the plan by e. The
    acceleration of the cubic from there changes by 6/h² of the one and 4/h of the other. A
    controller whose plan is unknown is not judged.
    """
    if not motion.planned:
        return None
    at, speed = motion.start
    h = motion.trajectory.times[0]
    astray = np.abs(at - motion.measured)
    most = 5 * limits.acceleration + 6 * np.abs(speed) / h + 6 * astray / h**2
    bends = motion.bends[:, 0]
    return _outside(
        Rule.ACCELERATION, "acceleration to the first point", bends, -most, most, limits
    )


READING: tuple[Callable[[Trajectory, Limits], Violation | None], ...] = (names, form, time)
"""Rules of what is given, in order."""
MOVING: tuple[Callable[[Motion, Limits], Violation | None], ...] = (
    position,
    jump,
    position_between,
    velocity,
    velocity_between,
    acceleration,
    acceleration_at_first,
)
"""Rules of how the arm would move, in order; the joints are those of the limits."""

_UNITS = {Rule.VELOCITY: "rad/s", Rule.ACCELERATION: "rad/s²"}


def _outside(
    rule: Rule,
    what: str,
    values: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    limits: Limits,
) -> Violation | None:
    """The first of `values` (N, J) beyond its bounds; NaN is beyond any."""
    least, most = lower - _rounding(lower), upper + _rounding(upper)
    inside = (values >= least) & (values <= most)
    if inside.all():
        return None
    row, joint = np.argwhere(~inside)[0]
    low, high = (np.broadcast_to(bound, values.shape) for bound in (lower, upper))
    value = values[row, joint]
    bound = (low if value < low[row, joint] else high)[row, joint]
    unit = _UNITS.get(rule, "rad")
    return Violation(
        rule, f"{limits.names[joint]}: {what} {value:.4g} {unit} is beyond {bound:.4g} {unit}"
    )


def _rounding(bound: NDArray[np.float64]) -> NDArray[np.float64]:
    return ROUNDING * np.where(np.isfinite(bound), 1 + np.abs(bound), 0.0)
