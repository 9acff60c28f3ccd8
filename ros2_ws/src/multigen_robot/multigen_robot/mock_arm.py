"""A kinematic mock arm that follows trajectories like a joint_trajectory_controller."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower
from multigen_core.contract import BASE_FRAME
from multigen_core.types import JointState, to_nanoseconds, to_seconds

_SETTLING = 5.0
"""Time constants until the arm has settled."""


class MockArm:
    """Joint states of an arm that follows commands with a first-order lag and measurement noise.

    Args:
        arm: its description.
        positions: at the start [rad], (J,).
        lag: time constant [s] of following the commanded state.
        noise: standard deviation of measured positions [rad].
        gripper: position of the gripper joint [rad], if the arm has one.
        seed: of the noise.
    """

    def __init__(
        self,
        arm: Arm,
        positions: NDArray[np.float64],
        lag: float = 0.0,
        noise: float = 0.0,
        gripper: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._follower = TrajectoryFollower(arm.names, positions)
        self._positions = np.array(positions, float)
        self._velocities = np.zeros_like(self._positions)
        self._lag = lag
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        self._last: int | None = None
        self._names = arm.reported_names
        self._gripper = np.array([gripper] if arm.gripper else [])

    def command(self, trajectory: Trajectory, now: int) -> None:
        """Follow `trajectory` from `now` [ns].

        Raises:
            TrajectoryError: it is malformed or over.
            JointNameError: its joints are not the arm's.
        """
        self._follower.accept(trajectory, now)

    def moving(self, now: int) -> bool:
        """Whether a trajectory is still being followed at `now` [ns]."""
        return self._follower.moving(now - to_nanoseconds(_SETTLING * self._lag))

    def state(self, now: int) -> JointState:
        """The measured state at `now` [ns], which must not decrease."""
        desired, speed = self._follower.sample(now)
        if self._lag > 0.0 and self._last is not None:
            kept = np.exp(-max(0.0, to_seconds(now - self._last)) / self._lag)
            self._positions = desired + kept * (self._positions - desired)
            self._velocities = (desired - self._positions) / self._lag
        elif self._lag == 0.0:
            self._positions, self._velocities = desired, speed
        self._last = now
        noise = self._noise * self._rng.standard_normal(len(desired))
        return JointState(
            now,
            self._names,
            np.concatenate([self._positions + noise, self._gripper]),
            np.concatenate([self._velocities, np.zeros_like(self._gripper)]),
            BASE_FRAME,
        )
