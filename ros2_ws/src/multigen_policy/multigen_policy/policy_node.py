"""The policy node: pours on request by what it sees and hears, alike in simulation and for real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigen_interfaces.action import Pour
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from multigen_core import contract
from multigen_core.arm import Arm, JointNameError
from multigen_core.errors import MultigenError
from multigen_core.policy import PolicyConfig, Sense, make_policy
from multigen_core.rollout.controller import Controller, GoalError
from multigen_core.rollout.observer import Observer
from multigen_core.rollout.session import Step
from multigen_core.ros.lifecycle import LifecycleNode
from multigen_core.ros.node import (
    Diagnostics,
    Health,
    declare,
    fail,
    publisher,
    run,
    stop,
    subscribe,
)
from multigen_core.ros.pour_action import PourServer
from multigen_core.station import Station, Told
from multigen_core.types import JointState, Outcome, PourProgress
from multigen_core.world.scene import load_scene
from multigen_policy.parameters import PolicyParameters

SETTLE = 1.5
"""Seconds between the end of a pour and the end of the process: the last drops still count."""


class PolicyNode(LifecycleNode):
    """A lifecycle node that serves the pour action."""

    def __init__(self) -> None:
        super().__init__("policy")
        self._settings = declare(self, PolicyParameters)
        self._controller: Controller | None = None
        self._timer: Timer | None = None
        self._inputs: list[Subscription] = []
        self._due = self._settings.target_ml
        self._guard = publisher(self, contract.GUARD_COMMAND)
        self._goals = publisher(self, contract.GOAL)
        self._progress = publisher(self, contract.PROGRESS)
        self._server = PourServer(self, self._on_goal, lambda: self._cancel("canceled"))
        self._diagnostics = Diagnostics(self, self._health)
        if self._settings.autostart:
            for transition in (self.trigger_configure, self.trigger_activate):
                if transition() != TransitionCallbackReturn.SUCCESS:
                    stop(1)
                    return

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the policy and open its senses."""
        p = self._settings
        try:
            scene = load_scene(p.scene, p.seed)
            station = Station.of(scene, Arm.load(p.arm_file), Told(p.told))
            policy = make_policy(PolicyConfig(station, p.policy, p.checkpoint, p.device))
        except MultigenError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        observer = Observer(
            policy.joint_names, policy.senses, policy.audio_window, p.max_observation_age
        )
        self._controller = Controller(policy, observer, station.target)
        inputs: list[tuple[contract.Topic, Callable[[Any], None]]] = [
            (contract.JOINT_STATES, self._on_joints),
            (contract.STOPPED, self._on_stopped),
        ]
        if Sense.IMAGE in policy.senses:
            inputs += [(contract.IMAGE, observer.add_image)]
            inputs += [(contract.CAMERA_INFO, observer.add_camera)]
        if Sense.AUDIO in policy.senses:
            inputs += [(contract.AUDIO, observer.add_audio)]
            inputs += [(contract.AUDIO_INFO, lambda info: observer.judge_audio(info.mismatch))]
        self._inputs = [subscribe(self, topic, callback) for topic, callback in inputs]
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to act."""
        self._timer = self.create_timer(1.0 / self._settings.rate, self._tick)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop acting; a pour ends, and its last command brings the vessel upright."""
        self._rest("policy deactivated")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close the senses and forget the policy."""
        self._forget()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop acting for good."""
        self._rest("policy shut down")
        self._forget()
        return super().on_shutdown(state)

    def _rest(self, reason: str) -> None:
        if self._controller is None or self._timer is None:
            return
        self._cancel(reason)
        self._carry_out(self._controller.end(reason))
        self.destroy_timer(self._timer)
        self._timer = None

    def _forget(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        self._controller = None

    def _on_joints(self, state: JointState) -> None:
        if self._controller is None:  # events under way outlive what they come from
            return
        try:
            self._controller.observer.add_joints(state)
        except JointNameError as error:
            self.get_logger().error(str(error), throttle_duration_sec=5.0)

    def _on_stopped(self, stopped: bool) -> None:
        if self._controller is None:
            return
        self._carry_out(self._controller.set_stopped(stopped))

    def _on_goal(self, request: Pour.Goal) -> None:
        controller = self._controller
        if controller is None or self._timer is None:
            raise GoalError("the policy is not active; run: multigen activate")
        if controller.trouble:
            raise GoalError(controller.trouble)
        self._begin(controller, request.target_volume, request.fill_fraction, request.timeout)

    def _begin(
        self, controller: Controller, volume: float, fraction: float = 0.0, timeout: float = 0.0
    ) -> None:
        now = self.get_clock().now().nanoseconds
        goal = controller.begin(now, volume, fraction, timeout)
        self._goals.send(PourProgress(now, "accepted", goal.target_volume))
        self.get_logger().info(f"pouring {goal.target_volume * 1e6:.0f} ml")

    def _tick(self) -> None:
        controller = self._controller
        if controller is None or self._timer is None:
            return
        step = controller.tick(self.get_clock().now().nanoseconds)
        if self._due and not controller.trouble:
            volume, self._due = self._due * 1e-6, 0.0
            try:
                self._begin(controller, volume)
            except MultigenError as error:
                fail(self, error)
        self._carry_out(step)

    def _cancel(self, reason: str) -> None:
        if self._controller is not None:
            self._carry_out(self._controller.cancel(reason))

    def _carry_out(self, step: Step | None) -> None:
        if step is None:
            return
        if step.trajectory is not None:
            self._guard.send(step.trajectory)
        progress = step.progress
        self._progress.send(progress)
        self._server.tell(progress)
        if not progress.outcome:
            return
        self.get_logger().info(
            f"pour {progress.outcome} after {progress.elapsed:.1f} s; own estimate "
            f"{progress.estimated_volume * 1e6:.0f} ml; {progress.reason}".rstrip("; ")
        )
        if self._settings.exit_after_pour:
            status = 0 if progress.outcome is Outcome.SUCCEEDED else 1
            self.create_timer(SETTLE, lambda: stop(status))

    def _health(self) -> Health:
        if self._controller is None or self._timer is None:
            return Health.warn("not active")
        if self._controller.trouble:
            return Health.error(self._controller.trouble)
        ages = self._controller.observer.ages(self.get_clock().now().nanoseconds)
        return Health.ok(
            "pouring" if self._controller.busy else "ready",
            audio_gaps=self._controller.observer.audio_gaps,
            **{f"{name}_age": age for name, age in ages.items()},
        )


def main() -> None:
    """Run the node."""
    run(PolicyNode)
