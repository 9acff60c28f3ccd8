"""The mock arm node: joint states and a controller without an arm, on wall time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock, ClockType

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory
from multigen_core.errors import MultigenError
from multigen_core.ros import node as ros
from multigen_core.ros.linger import linger
from multigen_robot.devices.device_node import DeviceNode
from multigen_robot.mock_arm import MockArm


@dataclass(frozen=True)
class MockArmParameters:
    """Node parameters."""

    arm_file: str = ros.parameter("gen3", "Arm description: a shipped name or a YAML file")
    rate: float = ros.parameter(100.0, "Joint states per second", 30.0, 1000.0)
    start_positions: str = ros.parameter(
        "", "Initial joint positions [rad], separated by commas; empty: home"
    )
    lag: float = ros.parameter(0.02, "Time constant of following commands [s]", 0.0, 1.0)
    noise: float = ros.parameter(0.0, "Standard deviation of measured positions [rad]", 0.0, 0.1)
    gripper: float = ros.parameter(0.4, "Position of the gripper joint [rad]", 0.0, 0.8)


class MockArmNode(DeviceNode):
    """Replaces an arm with its joint_trajectory_controller and joint_state_broadcaster."""

    def __init__(self) -> None:
        super().__init__("mock_arm")
        p = self.declare(MockArmParameters)
        arm = Arm.load(p.arm_file)
        self._arm = MockArm(arm, _start(p.start_positions, arm), p.lag, p.noise, p.gripper)
        self._refused = ""
        self._states = ros.publisher(self, contract.JOINT_STATES)
        ros.subscribe(self, contract.ARM_COMMAND, self._on_command)
        self.create_timer(
            1.0 / p.rate, self._on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._diagnostics = ros.Diagnostics(self, self._health, "mock")

    def _on_command(self, trajectory: Trajectory) -> None:
        try:
            self._arm.command(trajectory, self.now())
            self._refused = ""
        except MultigenError as error:
            self._refused = f"trajectory refused: {error}"
            self.get_logger().error(self._refused)

    def _on_timer(self) -> None:
        self._states.send(self._arm.state(self.now()))

    def _health(self) -> ros.Health:
        if self._refused:
            return ros.Health.warn(self._refused)
        return ros.Health.ok("running; this is a mock arm")

    def close(self) -> None:
        """Keep running until the guard has exited, which may have to return a vessel upright."""
        linger(self, self._needed, "the guard and its last command")

    def _needed(self) -> bool:
        return self._arm.moving(self.now()) or self.count_publishers(contract.ARM_COMMAND.name) > 0


def _start(text: str, arm: Arm) -> np.ndarray:
    if not text:
        return arm.home
    try:
        positions = np.array([float(part) for part in text.split(",")])
    except ValueError:
        positions = np.empty(0)
    if len(positions) != len(arm.names) or not np.isfinite(positions).all():
        raise MultigenError(
            f"start_positions: expected {len(arm.names)} numbers separated by commas, got {text!r}"
        )
    return positions


def main() -> None:
    """Run the mock arm until a signal arrives."""
    ros.run(MockArmNode)
