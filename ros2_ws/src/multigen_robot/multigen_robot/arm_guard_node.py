"""The arm guard's node: everything that moves the arm passes here, in simulation and for real.

It runs under a watchdog, to which its heart beats from the timer that looks after the arm. A guard
that replaces another takes over that one's duty: a stop, or a vessel to be brought upright.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.arm.trajectory import HOLD_TIME, Trajectory
from multigen_core.errors import MultigenError
from multigen_core.guard.config import GuardConfig
from multigen_core.guard.decisions import Accept, Duty, Freeze, Now, Reject, Retreat
from multigen_core.guard.guard import Guard
from multigen_core.guard.rules import Rule
from multigen_core.messages import MessageError
from multigen_core.ros import node as ros
from multigen_core.ros.alone import DISCOVERY, claim
from multigen_core.ros.linger import linger
from multigen_core.types import JointState
from multigen_robot.watchdog import Heart

TICK = 0.05
"""Period of the watchdog [s]."""


@dataclass(frozen=True)
class GuardParameters:
    """What may be set of the node."""

    arm_file: str = ros.parameter("gen3", "Arm description: a shipped name or a YAML file")
    velocity_scale: float = ros.parameter(
        0.5, "Share of the joints' speed limits allowed", 0.01, 1.0
    )
    max_joint_step: float = ros.parameter(
        0.2, "How far a command's first point may be from the measured joints [rad]", 0.001, 1.0
    )
    command_timeout: float = ros.parameter(
        0.5, "Silence after which a tilted vessel is returned upright [s]", 0.1, 60.0
    )
    state_timeout: float = ros.parameter(0.2, "Oldest joint state to act on [s]", 0.02, 5.0)
    hold_time: float = ros.parameter(
        HOLD_TIME, "How far ahead the point of a hold lies [s]", 0.05, 2.0
    )
    upright_tolerance: float = ros.parameter(
        0.05, "Tilt below which the vessel counts as upright [rad]", 0.01, 0.5
    )


class ArmGuardNode(Node):
    """Forwards commands that obey the rules; stops, and returns the vessel upright in silence."""

    def __init__(self) -> None:
        super().__init__("arm_guard")
        options = asdict(ros.declare(self, GuardParameters))
        arm = Arm.load(options.pop("arm_file"))
        simulated = self.get_parameter("use_sim_time").value
        self._heart = Heart()
        duty = Duty(self._heart.last_words or Duty.NONE)
        self._guard = Guard(arm, GuardConfig(simulated=simulated, **options), duty)
        self._closing = False
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(TICK, self._on_tick, clock=steady)
        self._diagnostics = ros.Diagnostics(self, self._health)
        self._claim_arm()
        self._rivals = ros.subscribe(self, contract.STOPPED, self._on_rival)
        self._alone_at = time.monotonic() + DISCOVERY
        self._serving = False
        if self._heart.last_words:
            self.get_logger().warning(f"took over from a guard that hung or died; duty: {duty}")
            self._serve()

    def _claim_arm(self) -> None:
        topic = self.resolve_topic_name(contract.ARM_COMMAND.name)
        try:
            self._claim = claim(f"guard_of_{topic}")
        except OSError as error:
            raise _occupied() from error

    def _on_rival(self, stopped: bool) -> None:
        """A guard of another machine tells its state to every newcomer."""
        if not self._serving:
            ros.fail(self, _occupied())

    def _serve(self) -> None:
        """Begin, alone."""
        self._serving = True
        self.destroy_subscription(self._rivals)
        self._arm = ros.publisher(self, contract.ARM_COMMAND)
        self._stopped = ros.publisher(self, contract.STOPPED)
        self._stopped.send(self._guard.stopped)
        ros.subscribe(self, contract.JOINT_STATES, self._on_joints)
        ros.subscribe(self, contract.GUARD_COMMAND, self._on_command, self._on_malformed)
        self.create_service(Trigger, "arm_guard/stop", self._on_stop)
        self.create_service(Trigger, "arm_guard/reset", self._on_reset)

    def _now(self) -> Now:
        return Now(self.get_clock().now().nanoseconds, time.monotonic_ns())

    def _on_joints(self, state: JointState) -> None:
        self._guard.observe(state, self._now())

    def _on_command(self, trajectory: Trajectory) -> None:
        if self._closing:
            self._carry_out(self._guard.refuse(Rule.STOPPED, "the guard ends"))
            return
        self._carry_out(self._guard.command(trajectory, self._now()))

    def _on_malformed(self, error: MessageError) -> None:
        self._carry_out(self._guard.refuse(Rule.FORM, str(error)))

    def _on_tick(self) -> None:
        try:
            self._heart.beat(self._guard.duty)
        except MultigenError as error:
            ros.fail(self, error)
        if self._serving:
            decision = self._guard.tick(self._now())
            if decision is not None:
                self._carry_out(decision)
        elif time.monotonic() > self._alone_at:
            self._serve()

    def _carry_out(self, decision: Accept | Reject | Retreat | Freeze) -> None:
        if isinstance(decision, Reject):
            self.get_logger().warning(
                f"command refused, {decision.rule}: {decision.reason}", throttle_duration_sec=1.0
            )
            return
        if not isinstance(decision, Accept):
            self.get_logger().error(decision.reason, throttle_duration_sec=1.0)
        if decision.trajectory is not None:
            self._arm.send(decision.trajectory)

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        decision = self._guard.stop(self._now())
        self._carry_out(decision)
        self._stopped.send(True)
        self._diagnostics.publish()
        response.success, response.message = True, decision.reason
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        response.message = "commands pass again" if self._guard.stopped else "was not stopped"
        self._guard.reset()
        self._stopped.send(False)
        self._diagnostics.publish()
        return response

    def _health(self) -> ros.Health:
        guard = self._guard
        values: dict[str, str | float | int] = {
            "tilt": guard.tilt,
            "accepted": guard.accepted,
            "retreats": guard.retreats,
            **{f"rejected_{rule}": guard.rejections[rule] for rule in Rule},
        }
        if not self._serving:
            return ros.Health.warn("looks for another guard of this arm", **values)
        if guard.stopped:
            return ros.Health.error(guard.trouble, **values)
        stale = guard.stale(self._now())
        if stale:
            return ros.Health.error(stale, **values)
        if guard.trouble:
            return ros.Health.warn(guard.trouble, **values)
        return ros.Health.ok("guarding", **values)

    def close(self) -> None:
        """Leave no vessel tilted: stay until it is upright."""
        if not self._serving:
            return
        self._closing = True
        decision = self._guard.retreat(self._now(), "the guard ends while the vessel is tilted")
        if decision is not None:
            self._carry_out(decision)
        if not linger(self, lambda: self._guard.busy(self._now()), "the vessel to be upright"):
            self.get_logger().error(f"ends with the vessel tilted by {self._guard.tilt:.2f} rad")
        self._arm.flush()


def _occupied() -> MultigenError:
    return MultigenError(
        "another guard moves this arm, or a bag with its topics is being played: end that first, "
        "or set ROS_DOMAIN_ID to another number"
    )


def main() -> None:
    """Run the guard until a signal comes."""
    sys.argv[0] = "arm_guard"
    ros.run(ArmGuardNode)


if __name__ == "__main__":
    main()
