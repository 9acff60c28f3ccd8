"""The arm's guard: which commands pass, and what to do when they stop coming.

Every command is checked as a whole against the rules of `rules.py`, in that order, and forwarded
unchanged (continuous joints moved by whole turns to the measured one) or refused with the reason.

A vessel left tilted goes on pouring. So when no command has been accepted for `command_timeout`
while the vessel is tilted, the guard itself returns it upright. It knows the tilt from the arm's
kinematics, so it needs no help of whoever commanded the arm, nor a memory a restart could lose. The
way back, `way_upright.py`, keeps the guard's own limits, is checked by its own rules before it is
sent, and begins by braking from the state the controller is in, so it may take over in mid-motion.
That state is the planned one rather than the lagging measurement, as long as the plan is known and
both agree. A command that ends upright counts as a retreat under way: silence is counted from its
end. A valid command ends a retreat. If the vessel is still tilted once a retreat has run out, the
next is sent.

The guard moves nothing of its own accord until it has been sent a command for this arm, be it
refused, or takes over from one that has; nor after a stop: a reset only lifts the stop. A jump of
the measured joints beyond any possible speed, or of a simulated clock backwards, is a simulator's
reset; path and plan begin anew there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm, JointNameError, select_joints
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower, hold
from multigen_core.guard.config import GuardConfig
from multigen_core.guard.decisions import Accept, Duty, Freeze, Now, Reject, Retreat
from multigen_core.guard.judgement import judge
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion, Start
from multigen_core.guard.retreat import RetreatError
from multigen_core.guard.rules import Rule, Violation, position_between
from multigen_core.guard.way_upright import WayUpright
from multigen_core.types import JointState, to_nanoseconds, to_seconds

_STOPPED = "stopped; `multigen stop --reset` releases it"
_TELEPORT = 0.1
"""Beyond what speed explains, a measured step [rad] that only a reset can make."""
_CLOCK_JUMP = 1.0
"""A step back of simulated time [s] that is no mere disorder."""


class Guard:
    """Stands between whoever commands an arm and its controller; see the module's description."""

    def __init__(
        self, arm: Arm, config: GuardConfig = GuardConfig(), duty: Duty = Duty.NONE
    ) -> None:
        """Begin with the duty that a guard before had."""
        self._arm = arm
        self._config = config
        self._limits = Limits.of(arm, config.velocity_scale, config.max_joint_step)
        self._way = WayUpright(arm, self._limits, config.upright_tolerance)
        self._state: JointState | None = None
        self._arrival = 0
        self._fault = ""
        self._armed = duty is Duty.ARM
        self._deadline = Now(0, 0)
        self._frozen = False
        self.stopped = duty is Duty.STOP
        self.retreating = False
        self.accepted = 0
        self.retreats = 0
        self.rejections: Counter[Rule] = Counter()
        self.trouble = _STOPPED if self.stopped else ""
        """The newest reason for not doing as told, empty once a command is accepted again."""

    @property
    def duty(self) -> Duty:
        """What a guard that replaces this one must know."""
        return Duty.STOP if self.stopped else Duty.ARM if self._armed else Duty.NONE

    def observe(self, state: JointState, now: Now) -> None:
        """Take a measurement; one without the arm's joints, as of a gripper alone, is ignored."""
        try:
            state = select_joints(state, self._arm.names)
        except JointNameError as error:
            self._fault = str(error)
            return
        if not np.isfinite(state.positions).all():
            self._fault = "measured joint positions hold NaN or infinity"
            return
        previous = self._state
        near = self._arm.home if previous is None else previous.positions
        positions = self._arm.nearest_turn(state.positions, near)
        velocities = np.nan_to_num(state.velocities, posinf=0.0, neginf=0.0)
        self._state = replace(state, positions=positions, velocities=velocities)
        self._arrival = now.steady
        self._fault = ""
        if previous is None or self._restarted(previous, self._state):
            self._way.restart(positions)
            self._follower = TrajectoryFollower(self._arm.names, positions)
            self._armed &= previous is None
            self.retreating = False
            self._wait(now, 0.0)
        else:
            self._way.observe(positions)

    def _restarted(self, previous: JointState, state: JointState) -> bool:
        lapse = to_seconds(state.stamp - previous.stamp)
        reach = 1.5 * self._arm.velocity * max(0.0, lapse) + _TELEPORT
        leapt = bool((np.abs(state.positions - previous.positions) > reach).any())
        return leapt or (self._config.simulated and lapse < -_CLOCK_JUMP)

    @property
    def tilt(self) -> float:
        """Measured tilt of the vessel [rad], NaN while no joints are known."""
        return float("nan") if self._state is None else self._way.tilt(self._state.positions)

    def command(self, trajectory: Trajectory, now: Now) -> Accept | Reject:
        """Judge a command."""
        found = self._judge(trajectory, now)
        if isinstance(found, Violation):
            return self.refuse(found.rule, found.reason)
        self.accepted += 1
        self.trouble = ""
        self.retreating = False
        runs = 0.0 if self._way.tilted(found.positions[-1]) else float(found.times[-1])
        self._follow(found, now, runs)
        return Accept(found)

    def refuse(self, rule: Rule, reason: str) -> Reject:
        """Count a refused command; also for one that cannot even be read."""
        self.rejections[rule] += 1
        self.trouble = f"{rule}: {reason}"
        return Reject(rule, reason)

    def _judge(self, trajectory: Trajectory, now: Now) -> Trajectory | Violation:
        if self.stopped:
            return Violation(Rule.STOPPED, f"the arm is {_STOPPED}")
        stale = self.stale(now)
        if stale or self._state is None:
            return Violation(Rule.STATE, stale)
        start, planned = self._start(now)
        found = judge(trajectory, self._limits, self._arm, self._state.positions, start, planned)
        readable = not isinstance(found, Violation) or found.rule not in (Rule.NAMES, Rule.FORM)
        if readable and not self._armed:
            # A guard started in the midst of a pour may refuse all that its commander still sends.
            self._armed = True
            self._wait(now, 0.0)
        return found

    def stale(self, now: Now) -> str:
        """Why the measured state cannot be acted on, empty if it can."""
        if self._state is None:
            return self._fault or "no joint states received yet"
        limit = self._config.state_timeout
        age = to_seconds(now.ros - self._state.stamp)
        if not abs(age) <= limit:
            hint = "; do the clocks agree?" if age < 0 else ""
            return f"joint states are {age:.2f} s old, {limit:g} s allowed{hint}{self._why}"
        silence = to_seconds(now.steady - self._arrival)
        if not self._config.simulated and silence > limit:
            return f"no joint states for {silence:.2f} s, {limit:g} s allowed{self._why}"
        return ""

    @property
    def _why(self) -> str:
        return f" ({self._fault})" if self._fault else ""

    def _clock(self, now: Now) -> int:
        return now.ros if self._config.simulated else now.steady

    def _start(self, now: Now) -> tuple[Start, bool]:
        """The state from which the controller goes on, and whether that is its plan.

        It is only measured where the plan is unknown or the arm is not about there.
        """
        assert self._state is not None
        measured = self._state.positions
        position, velocity = self._follower.sample(self._clock(now))
        astray = np.abs(position - measured).max() > self._config.max_joint_step
        if astray or not self._follower.commanded:
            self._follower.reset(measured)
            return (measured, self._state.velocities), False
        return (position, velocity), True

    def _follow(self, trajectory: Trajectory, now: Now, runs: float) -> None:
        self._follower.accept(trajectory, self._clock(now))
        self._armed = True
        self._frozen = False
        self._wait(now, runs)

    def _wait(self, now: Now, runs: float) -> None:
        wait = to_nanoseconds(runs + self._config.command_timeout)
        self._deadline = Now(now.ros + wait, now.steady + wait)

    def _passed(self, deadline: Now, now: Now) -> bool:
        return now.steady > deadline.steady and (
            not self._config.simulated or now.ros > deadline.ros
        )

    def tick(self, now: Now) -> Retreat | Freeze | None:
        """Look after the arm; to be called several times per `command_timeout` of steady time."""
        if self._state is None or self.stopped:
            return None
        limit = to_nanoseconds(self._config.state_timeout)
        if self._passed(Now(self._state.stamp + limit, self._arrival + limit), now):
            return self._blind(now)
        clock = self._clock(now)
        desired, _ = self._follower.sample(clock)
        if not self._way.tilted(self._state.positions):
            if not self._follower.moving(clock) and not self._way.tilted(desired):
                self._way.restart(self._state.positions)
                self.retreating = False
                self._armed &= not self._passed(self._deadline, now)
            return None
        if not self._armed or not self._passed(self._deadline, now):
            return None
        return self.retreat(now, "commands ceased while the vessel is tilted")

    def _blind(self, now: Now) -> Freeze | None:
        clock = self._clock(now)
        if self._frozen or not self._follower.moving(clock):
            return None
        self._frozen = True
        self.retreating = False
        desired, _ = self._follower.sample(clock)
        freeze = self._hold(desired, now)
        self._follower.accept(freeze, clock)
        self._deadline = now
        self.trouble = "joint states ceased in mid-motion; the arm holds where it was to be"
        return Freeze(freeze, self.trouble)

    def retreat(self, now: Now, reason: str) -> Retreat | Freeze | None:
        """Bring a tilted vessel upright at once; None where that is not the guard's to do.

        Freezes if no way upright obeys the limits.
        """
        if self.stopped or not self._armed or self.stale(now) or self._state is None:
            return None
        if not self._way.tilted(self._state.positions):
            return None
        try:
            start, _ = self._start(now)
            trajectory = self._way.plan(self._state.positions, start)
        except RetreatError as error:
            self.trouble = f"{reason}, and no way upright is allowed: {error}"
        else:
            self._follow(trajectory, now, float(trajectory.times[-1]))
            self.retreating = True
            self.retreats += 1
            self.trouble = f"{reason}: returning it upright"
            return Retreat(trajectory, self.trouble)
        if not self._follower.moving(self._clock(now)):
            self._wait(now, 0.0)
            return Freeze(None, self.trouble)
        freeze = self._hold(self._state.positions, now)
        self._follow(freeze, now, 0.0)
        return Freeze(freeze, self.trouble)

    def busy(self, now: Now) -> bool:
        """Whether the arm moves by command, or the vessel waits to be brought upright."""
        if self.duty is not Duty.ARM or self._state is None or self.stale(now):
            return False
        moving = self._follower.moving(self._clock(now))
        return moving or self._way.tilted(self._state.positions)

    def _hold(self, positions: NDArray[np.float64], now: Now) -> Trajectory:
        """A hold at `positions` [rad], (J,), so soon that no joint swings out of its range."""
        positions = np.clip(positions, self._limits.lower, self._limits.upper)
        start = self._follower.sample(self._clock(now))
        seconds = self._config.hold_time
        while True:
            found = hold(self._arm.names, positions, seconds)
            swings = position_between(Motion(found, positions, start), self._limits)
            if swings is None or seconds / 2 < self._limits.soonest:
                return found
            seconds /= 2

    def stop(self, now: Now) -> Freeze:
        """Freeze where the arm is, and refuse everything until `reset`."""
        self.stopped = True
        self._armed = self.retreating = False
        self.trouble = _STOPPED
        if self._state is None:
            return Freeze(None, "stopped; no joint position is known to hold")
        freeze = self._hold(self._state.positions, now)
        self._follower.accept(freeze, self._clock(now))
        return Freeze(freeze, self.trouble)

    def reset(self) -> None:
        """Lift a stop; the arm stays where it is until the next command."""
        self.stopped = False
        self.trouble = ""
