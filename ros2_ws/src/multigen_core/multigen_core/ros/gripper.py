"""Moves a gripper by the action that its controller serves, whichever type that has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.action import ActionClient, get_action_names_and_types
from rclpy.node import Node

from multigen_core.errors import MultigenError
from multigen_core.ros.client import DISCOVERY, answer, command_node, spin_until
from multigen_core.ros.factory import message_class

ACTION = "gripper_cmd"
"""Last part of the action's name, in all of ros2_control's gripper controllers."""
MAX_EFFORT = 100.0
"""As in Kinova's examples; controllers that command only a position ignore it."""


class GripperError(MultigenError):
    """The gripper cannot be moved."""


def _one_value(goal: Any, joint: str, position: float) -> None:
    goal.command.position = position
    goal.command.max_effort = MAX_EFFORT


def _joint_state(goal: Any, joint: str, position: float) -> None:
    # Without an effort, the controller's own limit holds.
    goal.command.name = [joint]
    goal.command.position = [position]


FILL: Mapping[str, Callable[[Any, str, float], None]] = {
    "control_msgs/action/GripperCommand": _one_value,
    "control_msgs/action/ParallelGripperCommand": _joint_state,
}
"""Writes a joint's position [rad] into a goal, by the action's type."""


def move_gripper(joint: str, position: float, namespace: str = "") -> bool:
    """Move to a joint position [rad] and wait; return whether something stopped it before.

    Raises:
        GripperError: no action serves it, its type is unknown, or it did not arrive.
        MultigenError: it did not answer.
    """
    with command_node(namespace) as node:
        name, kind = _find(node)
        try:
            action = message_class(kind)
        except (ImportError, AttributeError) as error:
            raise GripperError(f"{name}: {kind} is not installed on this machine") from error
        goal = action.Goal()  # type: ignore[attr-defined]
        FILL[kind](goal, joint, position)
        client = ActionClient(node, action, name)
        if not spin_until(node, client.server_is_ready, DISCOVERY):
            raise GripperError(f"{name} has no server; is the gripper's controller active?")
        handle = answer(node, client.send_goal_async(goal), name)
        if not handle.accepted:
            raise GripperError(f"{name} refused {joint} = {position:.3f} rad; see its log")
        result = answer(node, handle.get_result_async(), name).result
    if not (result.reached_goal or result.stalled):
        raise GripperError(f"{name}: {joint} did not reach {position:.3f} rad; see its log")
    return not result.reached_goal


def _find(node: Node) -> tuple[str, str]:
    """Name and type of the only gripper action in the node's namespace."""
    below = node.get_namespace().rstrip("/") + "/"

    def found() -> list[tuple[str, str]]:
        return [
            (name, kinds[0])
            for name, kinds in get_action_names_and_types(node)
            if name.startswith(below) and name.rsplit("/", 1)[-1] == ACTION
        ]

    if not spin_until(node, lambda: bool(found()), DISCOVERY):
        raise GripperError(
            f"no action {below}…/{ACTION} in {DISCOVERY:.0f} s: launch the arm with its gripper, "
            "or give its --namespace"
        )
    names = found()
    if len(names) > 1:
        listed = ", ".join(name for name, _ in names)
        raise GripperError(f"several grippers: {listed}; choose one with --namespace")
    ((name, kind),) = names
    if kind not in FILL:
        raise GripperError(f"{name} has type {kind}; known: {', '.join(FILL)}")
    return name, kind
