"""One pour from goal to outcome, without ROS."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower
from multigen_core.errors import MultigenError
from multigen_core.guard.config import GuardConfig
from multigen_core.guard.limits import Limits
from multigen_core.guard.retreat import RetreatError
from multigen_core.guard.way_upright import WayUpright
from multigen_core.policy import Observation, Policy, PourGoal
from multigen_core.types import (
    JointState,
    Outcome,
    PourEstimate,
    PourProgress,
    to_nanoseconds,
    to_seconds,
)

GRACE = 3.0
"""How long a pour survives lost inputs [s]; the guard returns the vessel upright meanwhile."""
DEFAULT_TIMEOUT = 120.0
LAG = 0.5
"""Time for the arm to arrive after the end of a trajectory [s]."""
RETREAT_PATIENCE = 30.0
"""How long to request the return of a tilted vessel [s]; a guard may be restarting."""
STANDING = 0.06
"""A vessel measured within this of the vertical [rad] is upright."""
LEAP = 0.1
"""Joint step beyond what the speed limits explain [rad] that only a reset can make."""
_GUARD = GuardConfig()


@dataclass(frozen=True, slots=True)
class Step:
    """Output of a session: a trajectory to send, if any, and what to report."""

    trajectory: Trajectory | None
    progress: PourProgress
    estimate: PourEstimate


class Session:
    """Runs one goal on a policy; ends with an outcome and the vessel upright, or with the reason.

    If a pour ends early, the session returns the vessel upright along the path that the guard would
    take, planned within the guard's limits.
    """

    def __init__(
        self, policy: Policy, arm: Arm, goal: PourGoal, now: int, timeout: float = 0.0
    ) -> None:
        """Start at `now` [ns]; give up after `timeout` [s], 0 for the default.

        Raises:
            MultigenError: the policy cannot meet the goal.
        """
        policy.reset(goal)
        self._policy = policy
        limits = Limits.of(arm, _GUARD.velocity_scale, _GUARD.max_joint_step)
        self._way = WayUpright(arm, limits, STANDING)
        self._arm = arm
        self._plan: TrajectoryFollower | None = None
        self._joints: JointState | None = None
        self._target = goal.target_volume
        self._start = self._now = now
        self._timeout = timeout or DEFAULT_TIMEOUT
        self._estimate = PourEstimate(now)
        self._stage = "approach"
        self._outcome = Outcome.RUNNING
        self._reason = ""
        self._upright_at: int | None = None
        self._give_up_at = 0

    def step(self, observation: Observation) -> Step:
        """Advance with an observation."""
        step = self._step(observation)
        if step.trajectory is not None and self._plan is not None:
            self._plan.accept(step.trajectory, observation.now)
        return step

    def _step(self, observation: Observation) -> Step:
        self._now = now = observation.now
        measured = observation.joints.positions
        self._way.observe(measured)
        if self._plan is None:
            self._plan = TrajectoryFollower(self._arm.names, measured)
        if self._upright_at is not None:
            if now < self._upright_at:
                return self._report(None)
            if not self._way.tilted(measured):
                return self.end(self._outcome, self._reason)
            if now > self._give_up_at:
                return self.end(self._outcome, f"{self._reason}; the vessel is still tilted")
            return self._retreat(observation)
        leap = self._leap(observation)
        if leap:
            return self._withdraw(observation, Outcome.ABORTED, leap)
        elapsed = to_seconds(now - self._start)
        if elapsed > self._timeout:
            reason = f"not finished after {self._timeout:.0f} s"
            return self._withdraw(observation, Outcome.TIMEOUT, reason)
        try:
            decision = self._policy.act(observation)
        except MultigenError as error:
            return self._withdraw(observation, Outcome.ABORTED, str(error))
        self._estimate = PourEstimate(
            now,
            decision.estimated_volume,
            decision.estimated_volume_error,
            decision.resonance,
            decision.resonance_error,
        )
        self._stage = decision.stage
        return self._report(decision.trajectory, decision.outcome, decision.reason)

    def _leap(self, observation: Observation) -> str:
        """Describe a jump of the joints that no motion explains; empty if there is none."""
        before, joints = self._joints, observation.joints
        self._joints = joints
        if before is None:
            return ""
        step = self._arm.nearest_turn(joints.positions, before.positions) - before.positions
        reach = 1.5 * self._arm.velocity * max(0.0, to_seconds(joints.stamp - before.stamp))
        if (np.abs(step) <= reach + LEAP).all():
            return ""
        return (
            f"the arm does not follow: a joint jumped by {np.abs(step).max():.2f} rad; "
            "was the simulation reset?"
        )

    def starve(self, now: int, reason: str) -> Step | None:
        """Handle a missing observation at `now` [ns]; ends the pour if it lasts."""
        if to_seconds(now - self._now) < GRACE:
            return None
        return self.end(Outcome.ABORTED, reason)

    def withdraw(self, observation: Observation, outcome: Outcome, reason: str) -> Step:
        """Return the vessel upright, then end with `outcome`."""
        if self._upright_at is not None:
            return self._report(None)
        step = self._withdraw(observation, outcome, reason)
        if step.trajectory is not None and self._plan is not None:
            self._plan.accept(step.trajectory, observation.now)
        return step

    def _withdraw(self, observation: Observation, outcome: Outcome, reason: str) -> Step:
        self._give_up_at = observation.now + to_nanoseconds(RETREAT_PATIENCE)
        self._outcome, self._reason, self._stage = outcome, reason, "retreat"
        self._estimate = replace(self._estimate, resonance=math.nan, resonance_error=math.nan)
        return self._retreat(observation)

    def _retreat(self, observation: Observation) -> Step:
        now, joints = observation.now, observation.joints
        start = joints.positions, joints.velocities
        if self._plan is not None:
            planned = self._plan.sample(now)
            measured = self._arm.nearest_turn(joints.positions, planned[0])
            if np.abs(planned[0] - measured).max() <= _GUARD.max_joint_step:
                start = planned
        try:
            retreat = self._way.plan(joints.positions, start)
        except RetreatError as error:
            return self.end(self._outcome, f"{self._reason}; {error}")
        self._upright_at = now + to_nanoseconds(float(retreat.times[-1]) + LAG)
        return self._report(retreat)

    def end(self, outcome: Outcome, reason: str) -> Step:
        """End immediately, without another command."""
        self._stage = "done"
        return self._report(None, outcome, reason)

    def _report(
        self, trajectory: Trajectory | None, outcome: Outcome = Outcome.RUNNING, reason: str = ""
    ) -> Step:
        progress = PourProgress(
            stamp=self._now,
            stage=self._stage,
            target_volume=self._target,
            estimated_volume=self._estimate.poured_volume,
            elapsed=to_seconds(self._now - self._start),
            outcome=outcome,
            reason=reason,
        )
        return Step(trajectory, progress, replace(self._estimate, stamp=self._now))
