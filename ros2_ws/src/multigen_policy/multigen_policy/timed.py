"""The open-loop baseline: pours off a known start volume by the clock, deaf and blind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.policy import Decision, Observation, PourGoal, Sense
from multigen_core.pour_path import PourPath
from multigen_core.tilted import hold_volume
from multigen_core.trajectory import Trajectory
from multigen_core.types import to_seconds
from multigen_core.vessel import Vessel
from multigen_policy.pouring import Pouring, Tilt
from multigen_policy.tilting import STEP, Tilting


@dataclass(frozen=True, slots=True)
class TimedConfig:
    """Flow aimed at [m^3/s], and how long the lip drains before the vessel returns [s]."""

    flow: float = 30e-6
    drain: float = 2.0


class ImpossibleGoalError(MultigenError):
    """A pour that cannot be done."""


class Timed:
    """Follows the tilt at which the vessel holds just what should be left in it by now.

    It needs the held vessel, the liquid's start volume and slow flow: what stands above the lip
    while it pours, drains at the end. Nothing corrects it.
    """

    senses: frozenset[Sense] = frozenset()
    audio_window = 0.0

    def __init__(
        self,
        arm: Arm,
        path: PourPath,
        source: Vessel,
        start_volume: float,
        config: TimedConfig = TimedConfig(),
    ) -> None:
        self.joint_names = arm.names
        self._config = config
        self._start_volume = start_volume
        self._tilts = path.tilts
        self._held = hold_volume(source, path.tilts)
        self._pouring = Pouring(arm, Tilting(arm, path), self._decide)
        self._goal = PourGoal(0.0)
        self._began: int | None = None

    def reset(self, goal: PourGoal) -> None:
        available = self._start_volume - float(self._held[-1])
        if goal.target_volume > available:
            raise ImpossibleGoalError(
                f"cannot pour {goal.target_volume * 1e6:.0f} ml: the source holds "
                f"{self._start_volume * 1e6:.0f} ml, of which {available * 1e6:.0f} ml can leave it"
            )
        self._goal = goal
        self._began = None
        self._pouring.reset()

    def act(self, observation: Observation) -> Decision:
        return self._pouring.act(observation)

    def retreat(self, positions: NDArray[np.float64]) -> Trajectory:
        return self._pouring.retreat(positions)

    def _decide(self, observation: Observation, tilt: float) -> Tilt:
        left = self._start_volume - float(np.interp(tilt, self._tilts, self._held))
        if self._began is None and left >= 0:
            self._began = observation.stamp
        elapsed = 0.0 if self._began is None else to_seconds(observation.stamp - self._began)
        poured = min(elapsed * self._config.flow, self._goal.target_volume)
        estimate = min(max(left, 0.0), self._goal.target_volume)
        duration = self._goal.target_volume / self._config.flow
        if elapsed > duration + self._config.drain:
            return Tilt(estimated_volume=estimate, done=True)
        # Tilts rise as the held volume falls; interp wants rising abscissae.
        wanted = float(np.interp(self._start_volume - poured, self._held[::-1], self._tilts[::-1]))
        return Tilt((wanted - tilt) / (2 * STEP), estimate)
