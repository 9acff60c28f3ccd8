"""The open-loop baseline: pours from a nominal start volume by the clock, without sensors."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from multigen_core.config.frozen import FrozenModel
from multigen_core.policy import Decision, Observation, PourGoal, Sense
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import to_seconds
from multigen_core.world.tilted_volume import tilted_volume
from multigen_policy.classical.pouring import ImpossibleGoalError, Pouring, Tilt
from multigen_policy.classical.tilting import STEP, Tilting

GRAVITY = 9.81
DISCHARGE = 0.6
"""Nominal weir coefficient of a lip."""


class TimedConfig(FrozenModel):
    """Target flow [m^3/s] and nominal start volume [m^3]."""

    flow: Annotated[float, Field(gt=0)] = 30e-6
    start_volume: Annotated[float, Field(gt=0)] = 350e-6


def weir_head(flow: float, radius: float, tilt: ArrayLike) -> NDArray[np.float64]:
    """Head [m] over a circular lip of `radius` [m] that gives `flow` [m^3/s] at tilts [rad], (K,).

    Integrates dQ = C (2/3) sqrt(2 g) η^1.5 dy over the lip's lowest part, a parabola of curvature
    sin θ / R: Q = C (π/4) sqrt(2 g) sqrt(2 R / sin θ) h².
    """
    width = np.sqrt(2 * radius / np.maximum(np.sin(tilt), 1e-3))
    return np.sqrt(flow / (DISCHARGE * np.pi / 4 * np.sqrt(2 * GRAVITY) * width))


class Timed:
    """Tilts as if the nominal flow left the vessel, and returns when the goal's time is up.

    It needs the held vessel and a thin liquid, and assumes the start volume. There is no feedback.
    """

    senses: frozenset[Sense] = frozenset()

    def __init__(
        self,
        station: Station,
        config: TimedConfig = TimedConfig(),
    ) -> None:
        source = station.placed("the policy timed")[0].vessel
        arm, path = station.arm, plan_pour(station)
        self._config = config
        self._start_volume = min(config.start_volume, source.capacity)
        self._tilts = path.tilts
        # Volume in the vessel at each tilt with the nominal flow over its lip.
        head = weir_head(config.flow, source.mouth_radius, path.tilts)
        self._content = np.minimum.accumulate(tilted_volume(source, head, path.tilts))
        self._pouring = Pouring(arm, Tilting(arm, path), self._decide)
        self._goal = PourGoal(0.0)
        self._began: int | None = None

    def reset(self, goal: PourGoal) -> None:
        available = self._start_volume - float(self._content[-1])
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

    def _decide(self, observation: Observation, tilt: float) -> Tilt:
        if (
            self._began is None
            and np.interp(tilt, self._tilts, self._content) <= self._start_volume
        ):
            self._began = observation.stamp
        elapsed = 0.0 if self._began is None else to_seconds(observation.stamp - self._began)
        poured = min(elapsed * self._config.flow, self._goal.target_volume)
        if poured >= self._goal.target_volume:
            return Tilt(estimated_volume=poured, done=True)
        # Tilt rises as the content falls; interp needs increasing abscissae.
        left = self._start_volume - poured
        wanted = float(np.interp(left, self._content[::-1], self._tilts[::-1]))
        return Tilt((wanted - tilt) / (2 * STEP), poured)
