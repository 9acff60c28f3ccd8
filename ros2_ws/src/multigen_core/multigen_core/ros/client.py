"""Calls into a running graph, for command lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from multigen_interfaces.action import Pour
from rcl_interfaces.msg import Log
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from multigen_core.contract import POUR_ACTION
from multigen_core.errors import MultigenError
from multigen_core.types import Outcome
from multigen_core.yaml_file import share_directory

DISCOVERY = 10.0
"""How long to look for a server [s]."""
REPLY = 30.0
"""How long to wait for the answer of one that was found [s]."""


@contextmanager
def _node(namespace: str) -> Iterator[Node]:
    # The transport of the launch files: it finds larger graphs, and shares memory with their nodes.
    profile = share_directory("multigen_core") / "config" / "fastdds.xml"
    os.environ.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(profile))
    rclpy.init()
    node = rclpy.create_node("multigen_command", namespace=namespace)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _wait(node: Node, future: Future, timeout: float | None, what: str) -> Any:
    rclpy.spin_until_future_complete(node, future, timeout_sec=timeout)
    if not future.done():
        raise MultigenError(f"{what} did not answer within {timeout:.0f} s")
    return future.result()


def _call(node: Node, kind: Any, name: str, request: Any) -> Any:
    client = node.create_client(kind, name)
    if not client.wait_for_service(DISCOVERY):
        raise MultigenError(
            f"no service {client.srv_name} found in {DISCOVERY:.0f} s; is the graph running, with "
            "the same ROS_DOMAIN_ID and namespace?"
        )
    return _wait(node, client.call_async(request), REPLY, name)


def trigger(service: str, namespace: str = "") -> str:
    """Call a std_srvs/Trigger service; returns its message.

    Raises:
        MultigenError: there is no such service, or it refused.
    """
    with _node(namespace) as node:
        response = _call(node, Trigger, service, Trigger.Request())
    if not response.success:
        raise MultigenError(f"{service} refused: {response.message}")
    return str(response.message)


def activate(name: str, namespace: str = "") -> None:
    """Configure and activate a lifecycle node; one that is configured already is just activated.

    Raises:
        MultigenError: there is no such node, or it refused.
    """
    with _node(namespace) as node:
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=transition))
            done = _call(node, ChangeState, f"{name}/change_state", request).success
        if not done:
            raise MultigenError(f"{name} refused to activate, or is active; its log says why")


def pour(
    request: Pour.Goal, on_feedback: Callable[[Pour.Feedback], None], namespace: str = ""
) -> Pour.Result:
    """Send a goal to /pour and wait for its result; an interrupt cancels it and waits on.

    Raises:
        MultigenError: there is no policy, or it refused the goal; the message says why.
    """
    with _node(namespace) as node:
        reasons: list[str] = []
        node.create_subscription(
            Log,
            "/rosout",
            lambda log: reasons.append(log.msg) if log.level >= Log.ERROR else None,
            10,
        )
        client = ActionClient(node, Pour, POUR_ACTION)
        if not client.wait_for_server(DISCOVERY):
            raise MultigenError(
                f"no /{POUR_ACTION} action found in {DISCOVERY:.0f} s; is the graph running, with "
                "the same ROS_DOMAIN_ID and namespace?"
            )
        sent = client.send_goal_async(request, lambda message: on_feedback(message.feedback))
        goal = _wait(node, sent, REPLY, "the policy")
        if not goal.accepted:
            rclpy.spin_once(node, timeout_sec=1.0)
            raise MultigenError(
                reasons[-1] if reasons else "the policy refused the goal; see its log"
            )
        result = goal.get_result_async()
        try:
            return _wait(node, result, None, "the policy").result
        except KeyboardInterrupt:
            goal.cancel_goal_async()
            return _wait(node, result, REPLY, "the policy").result


def make_goal(target_ml: float, fill_fraction: float, timeout: float) -> Pour.Goal:
    """The goal of a pour in millilitres, or as a fraction of the target vessel."""
    return Pour.Goal(target_volume=target_ml * 1e-6, fill_fraction=fill_fraction, timeout=timeout)


def succeeded(result: Pour.Result) -> bool:
    """Whether a pour reached its goal."""
    return str(result.outcome) == Outcome.SUCCEEDED.value
