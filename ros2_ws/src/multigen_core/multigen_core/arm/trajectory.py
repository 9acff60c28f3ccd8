"""Joint trajectories with the semantics of ROS 2's joint_trajectory_controller.

The simulator, the mock arm and the guard all follow trajectories by this one implementation, so
what is tried in simulation is what the controller does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline, PPoly

from multigen_core.arm import JointNameError, joint_indices
from multigen_core.errors import MultigenError
from multigen_core.types import to_seconds

HOLD_TIME = 0.3
"""How far ahead the point of a hold lies [s]."""


class TrajectoryError(MultigenError):
    """A trajectory is malformed."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Points over time: `times` [s] (T,) after `stamp`, `positions` and `velocities` (T, J).

    `stamp` 0 means: starts when received.
    """

    names: tuple[str, ...]
    times: NDArray[np.float64]
    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    stamp: int = 0

    def check(self) -> None:
        """Check what every controller needs of a trajectory.

        Raises:
            TrajectoryError: says what is wrong.
        """
        if not self.names:
            raise TrajectoryError("trajectory names no joints")
        if not np.size(self.times):
            raise TrajectoryError(
                "trajectory is empty; to stop, send a hold at the measured position"
            )
        shape = (len(self.times), len(self.names))
        if self.positions.shape != shape or self.velocities.shape != shape:
            raise TrajectoryError(
                f"positions {self.positions.shape} and velocities {self.velocities.shape}, "
                f"expected {shape}: every point needs both for every joint"
            )
        for label, values in (
            ("times", self.times),
            ("positions", self.positions),
            ("velocities", self.velocities),
        ):
            if not np.isfinite(values).all():
                raise TrajectoryError(f"{label} hold NaN or infinity")
        if self.times[0] <= 0 or (np.diff(self.times) <= 0).any():
            raise TrajectoryError("times must rise strictly and start above 0")
        if np.abs(self.velocities[-1]).max() > 1e-9:
            raise TrajectoryError("the last point must have zero velocity")

    def indices(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Where each of `names`, which must be all its joints, stands in the trajectory, (J,).

        Raises:
            JointNameError: the names are not the same set.
        """
        index = joint_indices(names, self.names)
        if len(index) != len(self.names):
            unknown = sorted(set(self.names) - set(names))
            raise JointNameError(
                f"unknown joints: {', '.join(unknown)}; expected: {', '.join(names)}"
            )
        return index

    def reordered(self, names: Sequence[str]) -> Trajectory:
        """The same with its joints in the order of `names`.

        Raises:
            JointNameError: the names are not the same set.
        """
        index = self.indices(names)
        return Trajectory(
            tuple(names),
            self.times,
            self.positions[:, index],
            self.velocities[:, index],
            self.stamp,
        )

    def joined(
        self, position: NDArray[np.float64], velocity: NDArray[np.float64], delay: float = 0.0
    ) -> CubicHermiteSpline:
        """The cubic spline over seconds from now that a controller follows.

        It starts at `position` [rad] and `velocity` [rad/s], (J,), and runs through the points
        still ahead when the trajectory's own start lies `delay` seconds ahead (negative: behind).

        Raises:
            TrajectoryError: no point is ahead.
        """
        times = self.times + delay
        ahead = times > 0
        if not ahead.any():
            raise TrajectoryError("the trajectory's last point lies in the past")
        return CubicHermiteSpline(
            np.concatenate([[0.0], times[ahead]]),
            np.vstack([position, self.positions[ahead]]),
            np.vstack([velocity, self.velocities[ahead]]),
        )


def hold(
    names: Sequence[str], positions: NDArray[np.float64], seconds: float = HOLD_TIME
) -> Trajectory:
    """The trajectory that stops at `positions` [rad], (J,), `seconds` from now."""
    point = np.array(positions, float)[None]
    return Trajectory(tuple(names), np.array([seconds]), point, np.zeros_like(point))


class TrajectoryFollower:
    """Samples the commanded state over time: position [rad] and velocity [rad/s], (J,) each.

    A new trajectory replaces the old one at once and is joined to it by a cubic from the desired
    state of that moment (`interpolate_from_desired_state`); past its last point it holds.
    """

    def __init__(self, names: Sequence[str], positions: NDArray[np.float64]) -> None:
        self.names = tuple(names)
        self._start = 0
        self._spline: CubicHermiteSpline | None = None
        self._slope: PPoly | None = None
        self._end = 0.0
        self._last = np.array(positions, float)

    def accept(self, trajectory: Trajectory, now: int) -> None:
        """Follow `trajectory` from `now` [ns].

        Raises:
            TrajectoryError: it is malformed or ended before `now`.
            JointNameError: its joints are not this follower's.
        """
        trajectory.check()
        trajectory = trajectory.reordered(self.names)
        delay = to_seconds(trajectory.stamp - now) if trajectory.stamp else 0.0
        position, velocity = self.sample(now)
        self._spline = trajectory.joined(position, velocity, delay)
        self._slope = self._spline.derivative()
        self._start, self._end = now, float(self._spline.x[-1])
        self._last = trajectory.positions[-1].copy()

    def sample(self, now: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Desired position and velocity at `now` [ns]."""
        elapsed = to_seconds(now - self._start)
        if self._spline is None or self._slope is None or elapsed >= self._end:
            return self._last.copy(), np.zeros_like(self._last)
        elapsed = max(elapsed, 0.0)
        return self._spline(elapsed), self._slope(elapsed)

    def moving(self, now: int) -> bool:
        """Whether a trajectory is still being followed."""
        return self._spline is not None and to_seconds(now - self._start) < self._end

    @property
    def commanded(self) -> bool:
        """Whether it has been given a trajectory since it began or was reset."""
        return self._spline is not None

    def reset(self, positions: NDArray[np.float64]) -> None:
        """Forget the trajectory and hold `positions` [rad], (J,)."""
        self._spline = None
        self._last = np.array(positions, float)
