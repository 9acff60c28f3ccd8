"""How commands reach the simulated arm: late, and smoothed, as the scene says."""

from __future__ import annotations

from collections import deque
from math import exp

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.world.scene import ArmSpec
from multigen_sim.scene_arm import checked_goal

Goal = NDArray[np.float64]


class Servo:
    """Goals (2, J) of positions [rad] and velocities [rad/s], by physics step."""

    def __init__(self, arm: Arm, spec: ArmSpec, start: NDArray[np.float64], timestep: float):
        self._arm = arm
        self._delay = round(spec.command_delay / timestep)
        lag = spec.servo_lag
        self._follow = 1.0 - exp(-timestep / lag) if lag else 1.0
        self._due: deque[tuple[int, Goal]] = deque()
        self._wanted = np.array([start, np.zeros_like(start)])
        self._goal = self._wanted

    def command(
        self, step: int, positions: NDArray[np.float64], velocities: NDArray[np.float64]
    ) -> None:
        """Take a command at physics step `step`.

        Raises:
            MultigenError: the shape is wrong or a value is not finite.
        """
        self._due.append((step + self._delay, checked_goal(self._arm, positions, velocities)))

    def at(self, step: int, most: int) -> tuple[Goal, int]:
        """The goal from physics step `step` on, and the steps that it holds, at most `most`."""
        while self._due and self._due[0][0] <= step:
            self._wanted = self._due.popleft()[1]
        self._goal = self._goal + self._follow * (self._wanted - self._goal)
        if self._follow < 1.0:
            return self._goal, 1
        return self._goal, min(most, self._due[0][0] - step) if self._due else most
