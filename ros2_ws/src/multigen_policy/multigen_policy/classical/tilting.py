"""Converts tilt rates to joint trajectories along a pour path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower
from multigen_core.errors import MultigenError
from multigen_core.guard.upright import Upright
from multigen_core.station.pour_path import PourPath

STEP = 0.1
"""Spacing of trajectory points [s]."""
MAX_CARRY_TILT = 0.15
"""Largest tilt of a vessel that may be full while it is carried [rad]."""
MAX_SINK = 0.02
"""Largest drop below both ends of the move [m]."""


@dataclass(frozen=True, slots=True)
class TiltLimits:
    """Speed [rad/s] and acceleration [rad/s^2] of the tilt.

    A joint within `reach` [rad] of the path is moved straight onto it.
    """

    speed: float = 0.4
    acceleration: float = 0.8
    reach: float = 0.1


class OffPathError(MultigenError):
    """The arm is not where pours begin."""


class Tilting:
    """Plans the tilt of the held vessel and the joint motion for it.

    Every plan continues from the current tilt and rate of the last one, as the controller does, and
    ends at rest, so the arm stops if no further plan follows.
    """

    def __init__(self, arm: Arm, path: PourPath, limits: TiltLimits = TiltLimits()) -> None:
        self.path = path
        self.limits = limits
        self._arm = arm
        self._upright = Upright(arm)
        self._follower = TrajectoryFollower(("tilt",), np.zeros(1))
        self.begin = 0.0
        """Tilt at which plans begin [rad]."""

    @property
    def max_tilt(self) -> float:
        """Tilt at the end of the path [rad]."""
        return float(self.path.tilts[-1])

    def start(self, tilt: float) -> None:
        """Start at rest at `tilt` [rad]."""
        self.begin = tilt
        self._follower.reset(np.array([tilt]))

    def tilt(self, now: int) -> float:
        """The planned tilt [rad] at `now` [ns]."""
        return float(self._follower.sample(now)[0][0])

    def toward(self, rate: float, now: int, horizon: float = 0.8, hold: float = 0.3) -> Trajectory:
        """A plan that reaches tilt `rate` [rad/s], keeps it for `hold` seconds, then brakes.

        Args:
            rate: clipped to the limits.
            now: time of the plan's start [ns].
            horizon: length of the plan [s]; lengthened until it ends at rest.
            hold: how long to keep the rate [s]; longer than the time to the next plan.
        """
        return self.follow([rate] * max(1, round(hold / STEP)), now, horizon)

    def follow(self, rates: Sequence[float], now: int, horizon: float = 0.8) -> Trajectory:
        """A plan with tilt `rates` [rad/s], one every STEP, that then brakes; see `toward`."""
        position, velocity = (float(v[0]) for v in self._follower.sample(now))
        wishes = np.clip(rates, -self.limits.speed, self.limits.speed).tolist()
        change = self.limits.acceleration * STEP
        tilts: list[float] = []
        speeds: list[float] = []
        while len(tilts) * STEP < horizon - 1e-9 or abs(velocity) > 1e-12:
            wish = wishes[len(tilts)] if len(tilts) < len(wishes) else 0.0
            room = self.max_tilt - position if wish > 0 else position
            ahead = abs(velocity) if velocity * wish > 0 else 0.0
            wish = float(np.sign(wish)) * min(abs(wish), _braking_speed(room, ahead, self.limits))
            new = velocity + float(np.clip(wish - velocity, -change, change))
            position += STEP * (velocity + new) / 2
            velocity = new
            tilts.append(position)
            speeds.append(velocity)
        times = STEP * np.arange(1.0, len(tilts) + 1)
        plan = Trajectory(("tilt",), times, np.array(tilts)[:, None], np.array(speeds)[:, None])
        self._follower.accept(plan, now)
        return self._joints(times, np.array(tilts), np.array(speeds))

    def _joints(
        self, times: NDArray[np.float64], tilts: NDArray[np.float64], rates: NDArray[np.float64]
    ) -> Trajectory:
        positions = self.path.at(tilts)
        velocities = self.path.slope(tilts) * rates[:, None]
        velocities[-1] = 0.0
        return Trajectory(self._arm.names, times, positions, velocities)

    def approach(self, positions: NDArray[np.float64]) -> Trajectory:
        """From measured `positions` (J,) [rad] to the path's start, or to where the path is near.

        The next plan continues from there, at rest.

        Raises:
            OffPathError: the move would tilt or lower the vessel, which holds liquid.
        """
        tilt = self.path.tilt_of(positions)
        near = self.path.at(tilt)
        if np.abs(near - positions).max() <= self.limits.reach:
            self.start(tilt)
            return rest_to_rest(self._arm, positions, near)
        self.start(0.0)
        trajectory = rest_to_rest(self._arm, positions, self.path.at(0.0))
        tools = np.array([forward(self._arm, q) for q in (positions, *trajectory.positions)])
        tilt = max(self._upright.tilt(q) for q in (positions, *trajectory.positions))
        sinks = min(tools[0, 2, 3], tools[-1, 2, 3]) - float(tools[:, 2, 3].min())
        if tilt > MAX_CARRY_TILT or sinks > MAX_SINK:
            raise OffPathError(
                f"moving the arm to the start of the pour would tilt the vessel by {tilt:.2f} rad "
                f"and lower it by {sinks:.2f} m on the way (limits {MAX_CARRY_TILT} rad, "
                f"{MAX_SINK} m): move the arm near its home or the pour first, vessel upright"
            )
        return trajectory


def rest_to_rest(
    arm: Arm, start: NDArray[np.float64], goal: NDArray[np.float64], scale: float = 0.35
) -> Trajectory:
    """A straight minimum-jerk move in joint space that starts and ends at rest.

    Peak speed is 1.875 times distance over duration, peak acceleration 5.77 times distance over
    duration squared; `scale` is the fraction of the arm's limits to use.
    """
    distance = np.abs(goal - start)
    duration = max(
        2 * STEP,
        float((1.875 * distance / (scale * arm.velocity)).max()),
        float(np.sqrt(5.774 * distance / (scale * arm.acceleration)).max()),
    )
    count = int(np.ceil(duration / STEP))
    s = (np.arange(1, count + 1) / count)[:, None]
    shape = s**3 * (10 - 15 * s + 6 * s**2)
    slope = 30 * s**2 * (1 - s) ** 2 / (count * STEP)
    delta = goal - start
    return Trajectory(
        arm.names, STEP * np.arange(1.0, count + 1), start + shape * delta, slope * delta
    )


def _braking_speed(room: float, speed: float, limits: TiltLimits) -> float:
    """Speed [rad/s] after one more step from which braking still ends within `room` [rad] of here.

    Braking in whole steps from v takes up to a STEP²/8 more than v²/2a, because its last step may
    be partial; the step before it covers the mean of both speeds.
    """
    a = limits.acceleration
    left = room - STEP * speed / 2 - a * STEP**2 / 8
    return max(0.0, a * (float(np.sqrt(max(0.0, STEP**2 / 4 + 2 * left / a))) - STEP / 2))
