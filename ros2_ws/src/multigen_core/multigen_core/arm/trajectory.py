"""Joint trajectories with the semantics of ROS 2's joint_trajectory_controller.

Simulator, mock arm and guard share this implementation, so trajectories behave in simulation as
they do on the controller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import JointNameError, joint_indices
from multigen_core.arm.cubic import Cubic
from multigen_core.errors import MultigenError
from multigen_core.types import to_seconds

HOLD_TIME = 0.3
"""Time from now to the point of a hold [s]."""


class TrajectoryError(MultigenError):
    """A trajectory is malformed."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Points over time: `times` [s] (T,) after `stamp`, `positions` and `velocities` (T, J).

    `stamp` 0 means: starts when received. All velocities NaN: only positions were given.
    """

    names: tuple[str, ...]
    times: NDArray[np.float64]
    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    stamp: int = 0

    @property
    def positions_only(self) -> bool:
        """Whether no velocities were given."""
        return bool(np.size(self.velocities)) and bool(np.isnan(self.velocities).all())

    def check(self, positions_only: bool = False) -> None:
        """Check that the trajectory is valid for any controller.

        A controller also accepts `positions_only`, and moves in straight lines at jumping speeds.

        Raises:
            TrajectoryError: it is not; the message says why.
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
        given = [("times", self.times), ("positions", self.positions)]
        if not self.positions_only:
            given.append(("velocities", self.velocities))
        elif not positions_only:
            raise TrajectoryError(
                f"trajectory has 0 velocities for {shape[1]} joints: give them at every point"
            )
        for label, values in given:
            if not np.isfinite(values).all():
                raise TrajectoryError(f"{label} contain NaN or infinity")
        if self.times[0] <= 0 or (np.diff(self.times) <= 0).any():
            raise TrajectoryError("times must be positive and strictly increasing")
        if not self.positions_only and np.abs(self.velocities[-1]).max() > 1e-9:
            raise TrajectoryError("the last point must have zero velocity")

    def indices(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Index in the trajectory of each of `names`, which must be exactly its joints, (J,).

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
        """The same trajectory with its joints in the order of `names`.

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
    ) -> Cubic:
        """The curve that a controller follows, over seconds from now; lines for positions.

        It starts at `position` [rad] and `velocity` [rad/s], (J,), and passes through the points
        still ahead; the trajectory starts in `delay` seconds (negative: in the past).

        Raises:
            TrajectoryError: no point is ahead.
        """
        times = self.times + delay
        ahead = times > 0
        if not ahead.any():
            raise TrajectoryError("the trajectory's last point is in the past")
        if self.positions_only:
            knots = np.concatenate([[0.0], times[ahead]])
            return Cubic.lines(knots, np.vstack([position, self.positions[ahead]]))
        return Cubic.hermite(
            np.concatenate([[0.0], times[ahead]]),
            np.vstack([position, self.positions[ahead]]),
            np.vstack([velocity, self.velocities[ahead]]),
        )


def hold(
    names: Sequence[str], positions: NDArray[np.float64], seconds: float = HOLD_TIME
) -> Trajectory:
    """A trajectory that stops at `positions` [rad], (J,), `seconds` from now."""
    point = np.array(positions, float)[None]
    return Trajectory(tuple(names), np.array([seconds]), point, np.zeros_like(point))


class TrajectoryFollower:
    """Samples the commanded state over time: position [rad] and velocity [rad/s], (J,) each.

    A new trajectory replaces the old one immediately, joined by a cubic from the current desired
    state (`interpolate_from_desired_state`). After its last point the follower holds.
    """

    def __init__(self, names: Sequence[str], positions: NDArray[np.float64]) -> None:
        self.names = tuple(names)
        self._start = 0
        self._curve: Cubic | None = None
        self._end = 0.0
        self._last = np.array(positions, float)

    def accept(self, trajectory: Trajectory, now: int) -> None:
        """Follow `trajectory` from `now` [ns].

        Raises:
            TrajectoryError: it is malformed or ended before `now`.
            JointNameError: its joints are not this follower's.
        """
        trajectory.check(positions_only=True)
        trajectory = trajectory.reordered(self.names)
        delay = to_seconds(trajectory.stamp - now) if trajectory.stamp else 0.0
        position, velocity = self.sample(now)
        self._curve = trajectory.joined(position, velocity, delay)
        self._start, self._end = now, float(self._curve.x[-1])
        self._last = trajectory.positions[-1].copy()

    def sample(self, now: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Desired position and velocity at `now` [ns]."""
        elapsed = to_seconds(now - self._start)
        if self._curve is None or elapsed >= self._end:
            return self._last.copy(), np.zeros_like(self._last)
        elapsed = max(elapsed, 0.0)
        return self._curve(elapsed), self._curve.slope(elapsed)

    def moving(self, now: int) -> bool:
        """Whether a trajectory is still being followed."""
        return self._curve is not None and to_seconds(now - self._start) < self._end

    @property
    def commanded(self) -> bool:
        """Whether it has had a trajectory since its start or last reset."""
        return self._curve is not None

    def reset(self, positions: NDArray[np.float64]) -> None:
        """Drop the trajectory and hold `positions` [rad], (J,)."""
        self._curve = None
        self._last = np.array(positions, float)
