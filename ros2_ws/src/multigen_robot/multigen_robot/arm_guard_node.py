"""The arm guard node: every command to the arm passes through it, in simulation and for real.

It runs under a watchdog; the heartbeat comes from the timer that monitors the arm. A guard that
replaces another takes over its duty: an emergency stop, or a vessel to return upright.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory
from multigen_core.errors import MultigenError
from multigen_core.guard.config import GuardConfig
from multigen_core.guard.decisions import Accept, Duty, Freeze, Now, Reject, Retreat
from multigen_core.guard.guard import Guard
from multigen_core.guard.rules import Rule
from multigen_core.messages import MessageError
from multigen_core.ros import node as ros
from multigen_core.ros.alone import guard_of
from multigen_core.ros.linger import linger
from multigen_core.ros.rivals import Rivals
from multigen_core.types import JointState
from multigen_robot.guard_parameters import GuardParameters
from multigen_robot.watchdog import Heart

TICK = 0.05
"""Period of the watchdog [s]."""
_OCCUPIED = (
    "another guard controls this arm, or a bag with its topics is playing: stop that first, or "
    "use another ROS_DOMAIN_ID"
)


class ArmGuardNode(Node):
    """Forwards valid commands; handles stops; returns the vessel upright when commands stop."""

    def __init__(self) -> None:
        super().__init__("arm_guard")
        options = asdict(ros.declare(self, GuardParameters))
        arm = Arm.load(options.pop("arm_file"))
        simulated = self.get_parameter("use_sim_time").value
        self._heart = Heart()
        duty = Duty(self._heart.last_words or Duty.NONE)
        self._guard = Guard(arm, GuardConfig(simulated=simulated, **options), duty)
        self._serving = self._closing = False
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(TICK, self._on_tick, clock=steady)
        self._diagnostics = ros.Diagnostics(self, self._health)
        target = self.resolve_topic_name(contract.ARM_COMMAND.name)
        self._rivals = Rivals(self, guard_of(target), contract.STOPPED, _OCCUPIED)
        if self._heart.last_words:
            self.get_logger().warning(f"replacing a guard that hung or died; resuming: {duty}")
            self._serve()

    def _serve(self) -> None:
        """Start serving, as the only guard."""
        self._serving = True
        self._rivals.forget()
        self._arm = ros.publisher(self, contract.ARM_COMMAND)
        self._stopped = ros.publisher(self, contract.STOPPED)
        self._stopped.send(self._guard.stopped)
        most = contract.MOST_JOINT_STATES
        ros.subscribe(self, contract.JOINT_STATES, self._on_joints, most=most)
        ros.subscribe(self, contract.GUARD_COMMAND, self._on_command, self._on_malformed)
        self.create_service(Trigger, "arm_guard/stop", self._on_stop)
        self.create_service(Trigger, "arm_guard/reset", self._on_reset)

    def _now(self) -> Now:
        return Now(self.get_clock().now().nanoseconds, time.monotonic_ns())

    def _on_joints(self, state: JointState) -> None:
        self._guard.observe(state, self._now())

    def _on_command(self, trajectory: Trajectory) -> None:
        if self._closing:
            self._carry_out(self._guard.refuse(Rule.STOPPED, "the guard is shutting down"))
        else:
            self._carry_out(self._guard.command(trajectory, self._now()))

    def _on_malformed(self, error: MessageError) -> None:
        self._carry_out(self._guard.refuse(Rule.FORM, str(error)))

    def _beat(self) -> None:
        try:
            self._heart.beat(self._guard.duty if self._serving else "")
        except MultigenError as error:
            ros.fail(self, error)

    def _on_tick(self) -> None:
        self._beat()
        if not self._serving and self._rivals.excluded:
            self._serve()
        self._carry_out(self._guard.tick(self._now()))

    def _carry_out(self, decision: Accept | Reject | Retreat | Freeze | None) -> None:
        log = self.get_logger()
        match decision:
            case Reject():
                refusal = f"command refused, {decision.rule}: {decision.reason}"
                log.warning(refusal, throttle_duration_sec=1.0)
                return
            case Retreat() | Freeze():
                log.error(decision.reason, throttle_duration_sec=1.0)
        if decision is not None and decision.trajectory is not None:
            self._arm.send(decision.trajectory)

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        decision = self._guard.stop(self._now())
        self._carry_out(decision)
        self._tell_stopped()
        response.success, response.message = True, decision.reason
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        response.message = "commands accepted again" if self._guard.stopped else "was not stopped"
        self._guard.reset()
        self._tell_stopped()
        return response

    def _tell_stopped(self) -> None:
        """Tell everyone, the next guard first: a stop must outlive this one."""
        self._beat()
        self._stopped.send(self._guard.stopped)
        self._diagnostics.publish()

    def _health(self) -> ros.Health:
        guard, stale = self._guard, self._guard.stale(self._now())
        values = {"tilt": guard.tilt, "accepted": guard.accepted, "retreats": guard.retreats}
        values |= {f"rejected_{rule}": guard.rejections[rule] for rule in Rule}
        if not self._serving:
            return ros.Health.warn("checking for another guard of this arm", **values)
        if guard.stopped or stale:
            return ros.Health.error(guard.trouble if guard.stopped else stale, **values)
        if guard.trouble:
            return ros.Health.warn(guard.trouble, **values)
        return ros.Health.ok("guarding", **values)

    def close(self) -> None:
        """Keep running until the vessel is upright."""
        if self._serving:
            self._finish()
        self._heart.stop()

    def _finish(self) -> None:
        self._closing = True
        self._carry_out(
            self._guard.retreat(self._now(), "the guard is shutting down during a pour")
        )
        if not linger(self, lambda: self._guard.busy(self._now()), "the vessel to be upright"):
            self.get_logger().error(f"exiting with the vessel tilted by {self._guard.tilt:.2f} rad")
        self._arm.flush()


def main() -> None:
    """Run the guard until a signal arrives."""
    sys.argv[0] = "arm_guard"
    ros.run(ArmGuardNode)


if __name__ == "__main__":
    main()
