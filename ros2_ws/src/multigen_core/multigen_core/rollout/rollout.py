"""Runs a policy: sensor data in, trajectories and progress out.

The policy node drives a rollout in real time, the offline engine as fast as it computes; a caller
can also step many of them in lock-step.
"""

from __future__ import annotations

from multigen_core.errors import MultigenError
from multigen_core.policy import Observation, Policy, PourGoal
from multigen_core.rollout.observer import Observer, StaleError
from multigen_core.rollout.session import Session, Step
from multigen_core.station import Station
from multigen_core.types import Outcome
from multigen_core.world.vessel import Vessel

MAX_AGE = 0.5
"""Default maximum age of data to act on [s]."""
SMALLEST_GOAL = 20e-6
"""Smallest volume that is accepted [m^3]: below, pours by ear miss by half the goal and more."""


class GoalError(MultigenError):
    """A goal that cannot be accepted."""


def checked_goal(target_volume: float, fill_fraction: float, known: Vessel | None) -> PourGoal:
    """The goal of a request with either a volume [m^3] or a fill fraction.

    `known` is the target vessel if the policy may know it.

    Raises:
        GoalError: neither or both are given, or the one given is impossible.
    """
    if (target_volume != 0) == (fill_fraction != 0):
        raise GoalError("give either a target volume or a fill fraction; leave the other at 0")
    if fill_fraction != 0:
        if known is None:
            raise GoalError("a fill fraction needs a known vessel: launch with told:=target")
        target_volume = fill_fraction * known.capacity
    # 20 ml times 1e-6 is a rounding error less than 20e-6.
    if not SMALLEST_GOAL * (1 - 1e-9) <= target_volume < float("inf"):
        raise GoalError(
            f"a goal is at least {SMALLEST_GOAL * 1e6:g} ml, got {target_volume * 1e6:g} ml: less "
            f"cannot be poured accurately"
        )
    if known is not None and target_volume > known.capacity:
        raise GoalError(
            f"{target_volume * 1e6:.0f} ml would overflow the {known.name} "
            f"({known.capacity * 1e6:.0f} ml)"
        )
    return PourGoal(target_volume)


class Rollout:
    """Runs one pour at a time with one policy at one station.

    Args:
        policy: decides.
        station: what the policy knows.
        max_age: maximum age of data to act on [s].
    """

    def __init__(self, policy: Policy, station: Station, max_age: float = MAX_AGE) -> None:
        self.senses = policy.senses
        self.observer = Observer(station.arm.names, policy.senses, max_age)
        """Takes the sensor data."""
        self.trouble = ""
        """Why there is no observation; empty if there is one or none was attempted."""
        self.sensing = False
        """Whether the last attempt gave an observation."""
        self._policy = policy
        self._station = station
        self._session: Session | None = None
        self._observation: Observation | None = None
        self._stopped = False

    @property
    def busy(self) -> bool:
        """Whether a pour is running."""
        return self._session is not None

    def begin(
        self, now: int, target_volume: float, fill_fraction: float = 0.0, timeout: float = 0.0
    ) -> PourGoal:
        """Start a pour at `now` [ns].

        Raises:
            MultigenError: one is running, the arm is stopped, or the goal is impossible.
        """
        if self._session is not None:
            raise GoalError("a pour is running; cancel it or wait until it ends")
        if self._stopped:
            raise GoalError("the arm is stopped; release it with `multigen stop --reset`")
        goal = checked_goal(target_volume, fill_fraction, self._station.target)
        self._session = Session(self._policy, self._station.arm, goal, now, timeout)
        self.observer.begin()
        return goal

    def step(self, now: int) -> Step | None:
        """Observe, and advance the pour if one is running; call every control period."""
        try:
            self._observation = self.observer.observe(now)
            self.sensing, self.trouble = True, ""
        except StaleError as error:
            self._observation, self.sensing, self.trouble = None, False, str(error)
        if self._session is None:
            return None
        if self._observation is None:
            return self._settle(self._session.starve(now, self.trouble))
        return self._settle(self._session.step(self._observation))

    def cancel(self, reason: str) -> Step | None:
        """Return the vessel upright and end the pour as canceled."""
        if self._session is None:
            return None
        if self._observation is None:
            return self._settle(self._session.end(Outcome.CANCELED, reason))
        return self._settle(self._session.withdraw(self._observation, Outcome.CANCELED, reason))

    def end(self, reason: str) -> Step | None:
        """End the pour immediately as canceled; a running retreat continues without the policy."""
        if self._session is None:
            return None
        return self._settle(self._session.end(Outcome.CANCELED, reason))

    def set_stopped(self, stopped: bool) -> Step | None:
        """Apply the guard's emergency stop, which ends a pour in place."""
        self._stopped = stopped
        if not stopped or self._session is None:
            return None
        return self._settle(self._session.end(Outcome.ABORTED, "emergency stop"))

    def _settle(self, step: Step | None) -> Step | None:
        if step is not None and step.progress.outcome:
            self._session = None
        return step
