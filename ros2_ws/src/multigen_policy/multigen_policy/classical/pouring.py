"""The stages that every classical policy shares: approach, pour, return upright."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory, hold
from multigen_core.errors import MultigenError
from multigen_core.policy import Decision, Observation
from multigen_core.types import Outcome, to_nanoseconds
from multigen_core.world.vessel import Vessel
from multigen_policy.classical.tilting import STEP, Tilting

UPRIGHT = 0.03
"""A vessel tilted less than this [rad] counts as upright."""
ARRIVED = 0.1
"""An arm within this of its goal [rad] has arrived; servos with friction stop short."""
MAX_LAG = 0.3
"""Largest difference of measured and planned tilt [rad]; a slow arm lags by about 0.1."""


class ImpossibleGoalError(MultigenError):
    """The goal cannot be poured."""


def check_goal(volume: float, held: Vessel) -> None:
    """Refuse to pour more than a vessel can hold.

    Raises:
        ImpossibleGoalError: `volume` [m^3] is above its capacity.
    """
    if volume > held.capacity:
        raise ImpossibleGoalError(
            f"cannot pour {volume * 1e6:.0f} ml: the {held.name} holds at most "
            f"{held.capacity * 1e6:.0f} ml"
        )


class LaggingArmError(MultigenError):
    """The arm is not where it was commanded to be: reset, stopped or blocked."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """A policy's command for the vessel: a tilt rate [rad/s], or the end of the pour.

    `ahead` are rates for this and the next steps of 0.1 s, instead of `rate` for all of them.
    """

    rate: float = 0.0
    estimated_volume: float = float("nan")
    done: bool = False
    ahead: tuple[float, ...] = ()


class Pouring:
    """Runs the stages; calls `decide(observation, tilt)` for the tilt rate while pouring."""

    def __init__(
        self, arm: Arm, tilting: Tilting, decide: Callable[[Observation, float], Tilt]
    ) -> None:
        self._arm = arm
        self._tilting = tilting
        self._decide = decide
        self.reset()

    def reset(self) -> None:
        """Restart at the next observation."""
        self._stage = "approach"
        self._arrival: int | None = None
        self._estimate = float("nan")

    def act(self, observation: Observation) -> Decision:
        """The next decision."""
        now = observation.now
        positions = self._unwrapped(observation.joints.positions)
        if self._stage == "approach":
            away = np.abs(self._tilting.path.at(self._tilting.begin) - positions).max()
            if self._arrival is None or (now >= self._arrival and away > ARRIVED):
                trajectory = self._tilting.approach(positions)
                self._arrival = now + to_nanoseconds(float(trajectory.times[-1]) + STEP)
                return self._decision(trajectory)
            if now < self._arrival:
                return Decision(None, self._stage, self._estimate)
            self._stage = "pour"
        tilt = self._tilting.tilt(now)
        measured = self._tilting.path.tilt_of(positions)
        if abs(tilt - measured) > MAX_LAG:
            raise LaggingArmError(
                f"the arm does not follow: the planned tilt is {tilt:.2f} rad, the measured one "
                f"{measured:.2f} rad; check the messages of the guard and the controller"
            )
        if self._stage == "pour":
            wish = self._decide(observation, tilt)
            self._estimate = wish.estimated_volume
            if not wish.done:
                if wish.ahead:
                    return self._decision(self._tilting.follow(wish.ahead, now))
                return self._decision(self._tilting.toward(wish.rate, now))
            self._stage = "return"
        if max(tilt, measured) < UPRIGHT:
            self._stage = "done"
            trajectory = hold(self._arm.names, self._tilting.path.at(0.0))
            return self._decision(trajectory, Outcome.SUCCEEDED)
        return self._decision(self._tilting.toward(-self._tilting.limits.speed, now))

    def _decision(
        self, trajectory: Trajectory, outcome: Outcome = Outcome.RUNNING, reason: str = ""
    ) -> Decision:
        return Decision(trajectory, self._stage, self._estimate, outcome, reason)

    def _unwrapped(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Unwrap: drivers report continuous joints modulo a turn, the path does not."""
        return self._arm.nearest_turn(positions, self._tilting.path.at(0.0))
