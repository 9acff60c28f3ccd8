"""One pour from goal to outcome, free of ROS."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.arm.trajectory import Trajectory
from multigen_core.errors import MultigenError
from multigen_core.policy import Observation, Policy, PourGoal
from multigen_core.types import Outcome, PourProgress, to_nanoseconds, to_seconds

GRACE = 3.0
"""How long a pour survives without observations [s]; the guard brings the arm upright meanwhile."""
DEFAULT_TIMEOUT = 120.0
LAG = 0.5
"""How long after the end of a trajectory the arm may arrive [s]."""
RETREAT_PATIENCE = 30.0
"""How long a vessel that stays tilted is told to return [s]; a guard may be starting anew."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a session asks for: a trajectory to send, if any, and its progress to tell."""

    trajectory: Trajectory | None
    progress: PourProgress


class Session:
    """Runs one goal on a policy; ends with an outcome and the vessel upright, or says why not."""

    def __init__(self, policy: Policy, goal: PourGoal, now: int, timeout: float = 0.0) -> None:
        """Begin at `now` [ns]; give up after `timeout` [s], 0 for the default.

        Raises:
            MultigenError: the policy cannot meet the goal.
        """
        policy.reset(goal)
        self._policy = policy
        self._target = goal.target_volume
        self._start = self._now = now
        self._timeout = timeout or DEFAULT_TIMEOUT
        self._estimate = float("nan")
        self._stage = "approach"
        self._outcome = Outcome.RUNNING
        self._reason = ""
        self._upright_at: int | None = None
        self._give_up_at = 0

    def step(self, observation: Observation) -> Step:
        """Advance by an observation."""
        self._now = now = observation.now
        if self._upright_at is not None:
            if now < self._upright_at:
                return Step(None, self._progress(Outcome.RUNNING))
            if self._policy.upright(observation.joints.positions):
                return self.end(self._outcome, self._reason)
            if now > self._give_up_at:
                return self.end(self._outcome, f"{self._reason}; the vessel is still tilted")
            return self._retreat(observation)
        elapsed = to_seconds(now - self._start)
        if elapsed > self._timeout:
            return self.withdraw(
                observation, Outcome.TIMEOUT, f"not done after {self._timeout:.0f} s"
            )
        try:
            decision = self._policy.act(observation)
        except MultigenError as error:
            return self.withdraw(observation, Outcome.ABORTED, str(error))
        self._estimate = decision.estimated_volume
        self._stage = decision.stage
        return Step(decision.trajectory, self._progress(decision.outcome, decision.reason))

    def starve(self, now: int, reason: str) -> Step | None:
        """Bear that there is no observation at `now` [ns]; end after a while."""
        if to_seconds(now - self._now) < GRACE:
            return None
        return self.end(Outcome.ABORTED, reason)

    def withdraw(self, observation: Observation, outcome: Outcome, reason: str) -> Step:
        """Bring the vessel upright, then end with `outcome`."""
        if self._upright_at is not None:
            return Step(None, self._progress(Outcome.RUNNING))
        self._give_up_at = observation.now + to_nanoseconds(RETREAT_PATIENCE)
        self._outcome, self._reason, self._stage = outcome, reason, "retreat"
        return self._retreat(observation)

    def _retreat(self, observation: Observation) -> Step:
        retreat = self._policy.retreat(observation.joints.positions)
        self._upright_at = observation.now + to_nanoseconds(float(retreat.times[-1]) + LAG)
        return Step(retreat, self._progress(Outcome.RUNNING))

    def end(self, outcome: Outcome, reason: str) -> Step:
        """End at once, sending the arm nothing more."""
        self._stage = "done"
        return Step(None, self._progress(outcome, reason))

    def _progress(self, outcome: Outcome, reason: str = "") -> PourProgress:
        return PourProgress(
            stamp=self._now,
            stage=self._stage,
            target_volume=self._target,
            estimated_volume=self._estimate,
            elapsed=to_seconds(self._now - self._start),
            outcome=outcome,
            reason=reason,
        )
