"""The privileged expert: pours with ground truth, for labels and tests; never runs in a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from multigen_core.policy import Decision, Observation, PourGoal, Sense
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import LiquidState
from multigen_policy.classical.pouring import Pouring, Tilt
from multigen_policy.classical.tilting import Tilting


@dataclass(frozen=True, slots=True)
class ExpertConfig:
    """Flow control and the predictive stop.

    The target flow [m^3/s] falls near the goal, reaching it in about `approach` seconds; `gain`
    [rad/s per m^3/s] converts the flow error to a tilt rate; `lag` [s] of the current flow still
    leaves the lip after the vessel turns back; `search` [rad/s] is the tilt rate before any flow.
    """

    flow: float = 35e-6
    approach: float = 2.0
    gain: float = 4e3
    lag: float = 0.35
    search: float = 0.25


class Expert:
    """Closes the loop on the true flow and volumes."""

    senses: frozenset[Sense] = frozenset()

    def __init__(
        self,
        station: Station,
        truth: Callable[[], LiquidState],
        config: ExpertConfig = ExpertConfig(),
    ) -> None:
        arm = station.arm
        self._truth = truth
        self._config = config
        self._tilting = Tilting(arm, plan_pour(station))
        self._pouring = Pouring(arm, self._tilting, self._decide)
        self._goal = 0.0
        self._start: float | None = None

    def reset(self, goal: PourGoal) -> None:
        self._goal = goal.target_volume
        self._start = None
        self._pouring.reset()

    def act(self, observation: Observation) -> Decision:
        return self._pouring.act(observation)

    def _decide(self, observation: Observation, tilt: float) -> Tilt:
        state, config = self._truth(), self._config
        if self._start is None:
            self._start = state.target_volume
        poured = state.target_volume - self._start
        coming = state.airborne_volume + config.lag * state.outflow_rate
        remaining = self._goal - poured - coming
        if remaining <= 0 or tilt >= self._tilting.max_tilt - 1e-3:
            return Tilt(estimated_volume=poured, done=True)
        wanted = min(config.flow, remaining / config.approach)
        rate = config.gain * (wanted - state.outflow_rate)
        return Tilt(float(np.clip(rate, -config.search, config.search)), poured)
