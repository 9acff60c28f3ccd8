"""The policy node: pours on request, from what it sees and hears, in simulation or for real."""

from __future__ import annotations

import json

from multigen_interfaces.action import Pour
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.policy import PolicyConfig, make_policy
from multigen_core.rollout import GoalError, LiveRollout, Rollout, Step
from multigen_core.ros import node as ros
from multigen_core.ros.lifecycle import LifecycleNode
from multigen_core.ros.pour_action import PourServer
from multigen_core.ros.senses import subscribe_senses
from multigen_core.station import Station, Told
from multigen_core.types import Outcome, PourProgress, to_nanoseconds
from multigen_core.world.scene import load_scene
from multigen_policy.parameters import PolicyParameters

SETTLE = 1.5
"""Seconds between the end of a pour and the exit of the process: the last drops still count."""


class PolicyNode(LifecycleNode):
    """A lifecycle node that serves the pour action."""

    def __init__(self) -> None:
        super().__init__("policy")
        p = self._settings = ros.declare(self, PolicyParameters)
        self._place = p.scene, p.seed
        self._live: LiveRollout | None = None
        self._timer: Timer | None = None
        self._inputs: list[Subscription] = []
        self._due = p.target_ml
        self._over: PourProgress | None = None
        self._guard = ros.publisher(self, contract.GUARD_COMMAND)
        self._goals = ros.publisher(self, contract.GOAL)
        self._progress = ros.publisher(self, contract.PROGRESS)
        self._estimate = ros.publisher(self, contract.ESTIMATE)
        self._server = PourServer(self, self._on_goal, self._cancel)
        self._diagnostics = ros.Diagnostics(self, self._health)
        ros.subscribe(self, contract.SCENE, self._on_scene)
        ros.subscribe(self, contract.STOPPED, self._on_stopped)
        if p.autostart:
            for transition in (self.trigger_configure, self.trigger_activate):
                if transition() != TransitionCallbackReturn.SUCCESS:
                    ros.stop(1)
                    return

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the policy and subscribe to its inputs."""
        try:
            self._load()
        except MultigenError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def _load(self) -> None:
        p = self._settings
        station = Station.of(load_scene(*self._place), Arm.load(p.arm_file), Told(p.told))
        policy = make_policy(PolicyConfig(station, p.policy, p.checkpoint, p.device))
        rollout = Rollout(policy, station, p.max_observation_age)
        self._live = LiveRollout(rollout, self._now, self._carry_out)
        self._inputs = subscribe_senses(self, rollout)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start acting."""
        self._timer = self.create_timer(1.0 / self._settings.rate, self._tick)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop acting; a running pour ends, and its last command returns the vessel upright."""
        self._rest("policy deactivated")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close the subscriptions and release the policy."""
        self._forget()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop acting permanently."""
        self._rest("policy shut down")
        self._forget()
        return super().on_shutdown(state)

    def _rest(self, reason: str) -> None:
        if self._live is not None:
            self._live.end(reason)
        if self._timer is not None:
            self.destroy_timer(self._timer)
            self._timer = None

    def _forget(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._live is not None:
            self._live.close()
            self._live = None

    def _on_scene(self, text: str) -> None:
        """Follow the simulator to another scene."""
        try:
            told = json.loads(text)
            place = str(told["scene"]), int(told["seed"])
        except (ValueError, KeyError, TypeError):
            self.get_logger().error(f"{contract.SCENE.name} is not a scene: {text[:80]!r}")
            return
        if place == self._place:
            return
        self._place = place
        if self._live is None:
            return
        self._live.end(f"the simulator changed to scene {place[0]}, seed {place[1]}")
        self._forget()
        try:
            self._load()
        except MultigenError as error:
            ros.fail(self, error)

    def _on_stopped(self, stopped: bool) -> None:
        if self._live is not None:
            self._live.set_stopped(stopped)

    def _on_goal(self, request: Pour.Goal) -> None:
        live = self._live
        if live is None or self._timer is None:
            raise GoalError("the policy is not active; run: multigen activate")
        if live.rollout.trouble:
            raise GoalError(live.rollout.trouble)
        self._begin(live, request.target_volume, request.fill_fraction, request.timeout)

    def _begin(
        self, live: LiveRollout, volume: float, fraction: float = 0.0, timeout: float = 0.0
    ) -> None:
        now = self._now()
        goal = live.begin(volume, fraction, timeout)
        self._goals.send(PourProgress(now, "accepted", goal.target_volume))
        self.get_logger().info(f"pouring {goal.target_volume * 1e6:.0f} ml")

    def _tick(self) -> None:
        live = self._live
        if live is None or self._timer is None:
            return
        live.tick()
        if self._due and live.rollout.sensing and self._guard.subscribers:
            volume, self._due = self._due * 1e-6, 0.0
            try:
                self._begin(live, volume)
            except MultigenError as error:
                ros.fail(self, error)
        over = self._over
        if over is not None and self._now() > over.stamp + to_nanoseconds(SETTLE):
            ros.stop(0 if over.outcome is Outcome.SUCCEEDED else 1)

    def _cancel(self) -> None:
        if self._live is not None:
            self._live.cancel("canceled")

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds

    def _carry_out(self, step: Step) -> None:
        if step.trajectory is not None:
            self._guard.send(step.trajectory)
        progress = step.progress
        self._progress.send(progress)
        self._estimate.send(step.estimate)
        self._server.tell(progress)
        if not progress.outcome:
            return
        self.get_logger().info(
            f"pour {progress.outcome} after {progress.elapsed:.1f} s; estimated "
            f"{progress.estimated_volume * 1e6:.0f} ml; {progress.reason}".rstrip("; ")
        )
        if self._settings.exit_after_pour:
            self._over = progress

    def _health(self) -> ros.Health:
        if self._live is None or self._timer is None:
            return ros.Health.warn("not active")
        rollout = self._live.rollout
        if rollout.trouble:
            return ros.Health.error(rollout.trouble)
        ages = rollout.observer.ages(self._now())
        return ros.Health.ok(
            "pouring" if rollout.busy else "ready",
            audio_gaps=rollout.observer.audio_gaps,
            late_decisions=self._live.late,
            **{f"{name}_age": age for name, age in ages.items()},
        )


def main() -> None:
    """Run the node."""
    ros.run(PolicyNode)
