"""Everything the policy node does between its topics: senses in, trajectories and progress out."""

from __future__ import annotations

from multigen_core.errors import MultigenError
from multigen_core.policy import Observation, Policy, PourGoal
from multigen_core.rollout.observer import Observer, StaleError
from multigen_core.rollout.session import Session, Step
from multigen_core.types import Outcome
from multigen_core.world.vessel import Vessel


class GoalError(MultigenError):
    """A goal that cannot be taken."""


def checked_goal(target_volume: float, fill_fraction: float, known: Vessel | None) -> PourGoal:
    """The goal of a request, of which one of volume [m^3] and fill fraction must be given.

    `known` is the target vessel if the policy may know it.

    Raises:
        GoalError: neither or both are given, or the one given is impossible.
    """
    if (target_volume != 0) == (fill_fraction != 0):
        raise GoalError("give either a target volume or a fill fraction, and leave the other 0")
    if fill_fraction != 0:
        if known is None:
            raise GoalError("a fill fraction needs a known vessel: launch with vessel_known:=true")
        target_volume = fill_fraction * known.capacity
    if not 0 < target_volume < float("inf"):
        raise GoalError(f"the target must be a positive volume, got {target_volume * 1e6:g} ml")
    if known is not None and target_volume > known.capacity:
        raise GoalError(
            f"{target_volume * 1e6:.0f} ml would overflow the {known.name} "
            f"({known.capacity * 1e6:.0f} ml)"
        )
    return PourGoal(target_volume)


class Controller:
    """Serves one pour at a time with a policy and an observer."""

    def __init__(self, policy: Policy, observer: Observer, known: Vessel | None) -> None:
        self.observer = observer
        self.trouble = ""
        """Why there is no observation now; empty if there is one."""
        self._policy = policy
        self._known = known
        self._session: Session | None = None
        self._observation: Observation | None = None
        self._stopped = False

    @property
    def busy(self) -> bool:
        """Whether a pour runs."""
        return self._session is not None

    def begin(
        self, now: int, target_volume: float, fill_fraction: float = 0.0, timeout: float = 0.0
    ) -> PourGoal:
        """Start a pour at `now` [ns].

        Raises:
            MultigenError: one runs already, the arm is stopped, or the goal is impossible.
        """
        if self._session is not None:
            raise GoalError("a pour is running; cancel it or wait for its end")
        if self._stopped:
            raise GoalError("the arm is stopped; `multigen stop --reset` releases it")
        goal = checked_goal(target_volume, fill_fraction, self._known)
        self._session = Session(self._policy, goal, now, timeout)
        return goal

    def tick(self, now: int) -> Step | None:
        """Look, and advance the pour if one runs."""
        try:
            self._observation = self.observer.observe(now)
            self.trouble = ""
        except StaleError as error:
            self._observation, self.trouble = None, str(error)
        if self._session is None:
            return None
        if self._observation is None:
            return self._settle(self._session.starve(now, self.trouble))
        return self._settle(self._session.step(self._observation))

    def cancel(self, reason: str) -> Step | None:
        """Bring the vessel upright and end the pour as canceled."""
        if self._session is None:
            return None
        if self._observation is None:
            return self._settle(self._session.end(Outcome.CANCELED, reason))
        return self._settle(self._session.withdraw(self._observation, Outcome.CANCELED, reason))

    def end(self, reason: str) -> Step | None:
        """End the pour at once as canceled; a retreat under way goes on without the policy."""
        if self._session is None:
            return None
        return self._settle(self._session.end(Outcome.CANCELED, reason))

    def set_stopped(self, stopped: bool) -> Step | None:
        """Take over the guard's emergency stop, which ends a pour where it is."""
        self._stopped = stopped
        if not stopped or self._session is None:
            return None
        return self._settle(self._session.end(Outcome.ABORTED, "emergency stop"))

    def _settle(self, step: Step | None) -> Step | None:
        if step is not None and step.progress.outcome:
            self._session = None
        return step
