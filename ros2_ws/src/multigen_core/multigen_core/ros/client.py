"""Calls to a running graph, for command-line tools."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from multigen_interfaces.action import Pour
from rcl_interfaces.msg import Log
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from std_srvs.srv import Trigger

from multigen_core.config.yaml_file import share_directory
from multigen_core.contract import DIAGNOSTICS, POUR_ACTION, POUR_STATE
from multigen_core.errors import MultigenError
from multigen_core.ros.endpoints import subscribe
from multigen_core.types import Outcome, PourState

DISCOVERY = 10.0
"""Time to wait for a server [s]."""
REPLY = 30.0
"""Time to wait for a server's reply [s]."""
ATTEMPTS = 10
"""Number of attempts in that time."""
REASON = 2.0
"""Time to wait for the log message with the reason of a refusal [s]."""
SLICE = 0.1
"""Largest delay of an interrupt [s]."""
REFUSAL = "goal refused: "
"""Prefix of the reason in the policy's log."""

_interrupted = threading.Event()


@contextmanager
def command_node(namespace: str) -> Iterator[Node]:
    """A node for one command; SIGINT and SIGTERM interrupt `spin_until`."""
    # The launch files' transport: discovers larger graphs and shares memory with their nodes.
    profile = share_directory("multigen_core") / "config" / "fastdds.xml"
    os.environ.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(profile))
    # rclpy's own handlers would shut down the context, and a goal could no longer be cancelled.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    _interrupted.clear()
    # An exception raised in the signal handler itself may be lost in a destructor.
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, lambda *_: _interrupted.set()) for number in numbers]
    node = rclpy.create_node("multigen_command", namespace=namespace)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def spin_until(node: Node, until: Callable[[], bool], timeout: float | None) -> bool:
    """Spin until the condition holds; return whether it did in time.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    while not until():
        if deadline is not None and time.monotonic() > deadline:
            return False
        rclpy.spin_once(node, timeout_sec=SLICE)
        if _interrupted.is_set():
            _interrupted.clear()
            raise KeyboardInterrupt
    return True


def answer(node: Node, future: Future, what: str) -> Any:
    """The result of a future.

    Raises:
        MultigenError: `what` did not answer in time.
    """
    if not spin_until(node, future.done, REPLY):
        raise MultigenError(f"{what} did not answer within {REPLY:.0f} s")
    return future.result()


def _missing(node: Node, what: str, service: str) -> MultigenError:
    own = node.get_namespace().rstrip("/") + "/"
    others = (
        name.removesuffix(service)
        for name, _ in node.get_service_names_and_types()
        if name.endswith(f"/{service}") and name != own + service
    )
    options = sorted(f"--namespace {other.strip('/') or '/'}" for other in others)
    way_out = (
        f"try {' or '.join(options)}"
        if options
        else "is the graph running with the same ROS_DOMAIN_ID?"
    )
    return MultigenError(f"no {what} found under {own} in {DISCOVERY:.0f} s; {way_out}")


def _call(node: Node, kind: Any, name: str, request: Any, attempts: int = 1) -> Any:
    """The response to a request; idempotent requests may have several `attempts`.

    A server drops its reply to a client it has not discovered yet, even if the client has
    discovered the server.
    """
    client = node.create_client(kind, name)
    if not spin_until(node, client.service_is_ready, DISCOVERY):
        raise _missing(node, f"service {name}", name)
    for _ in range(attempts):
        future = client.call_async(request)
        if spin_until(node, future.done, REPLY / attempts):
            return future.result()
    raise MultigenError(f"{name} did not answer within {REPLY:.0f} s")


def trigger(service: str, namespace: str = "") -> str:
    """Call a std_srvs/Trigger service; return its message.

    Raises:
        MultigenError: there is no such service, or it refused.
    """
    with command_node(namespace) as node:
        response = _call(node, Trigger, service, Trigger.Request(), ATTEMPTS)
    if not response.success:
        raise MultigenError(f"{service} refused: {response.message}")
    return str(response.message)


def activate(name: str, namespace: str = "") -> None:
    """Configure and activate a lifecycle node from any state.

    Raises:
        MultigenError: there is no such node, or it refused.
    """
    with command_node(namespace) as node:
        request = GetState.Request()
        state = _call(node, GetState, f"{name}/get_state", request, ATTEMPTS).current_state.id
        steps = {
            State.PRIMARY_STATE_UNCONFIGURED: (
                Transition.TRANSITION_CONFIGURE,
                Transition.TRANSITION_ACTIVATE,
            ),
            State.PRIMARY_STATE_INACTIVE: (Transition.TRANSITION_ACTIVATE,),
            State.PRIMARY_STATE_ACTIVE: (),
        }
        if state not in steps:
            raise MultigenError(f"{name} has been shut down; restart it")
        for transition in steps[state]:
            change = ChangeState.Request(transition=Transition(id=transition))
            if not _call(node, ChangeState, f"{name}/change_state", change).success:
                raise MultigenError(f"{name} failed to activate; see its log")


def pour(
    request: Pour.Goal, on_feedback: Callable[[Pour.Feedback], None], namespace: str = ""
) -> Pour.Result:
    """Send a goal to /pour and wait for its result; SIGINT or SIGTERM cancels it first.

    Raises:
        MultigenError: there is no policy, it refused the goal, or it exited; the message says why.
    """
    with command_node(namespace) as node:
        reasons: list[str] = []
        asked = time.time()

        def on_log(log: Log) -> None:
            if log.msg.startswith(REFUSAL) and log.stamp.sec >= int(asked):
                reasons.append(log.msg.removeprefix(REFUSAL))

        kept = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        node.create_subscription(Log, "/rosout", on_log, kept)
        client = ActionClient(node, Pour, POUR_ACTION)
        if not spin_until(node, client.server_is_ready, DISCOVERY):
            raise _missing(node, f"{POUR_ACTION} action", f"{POUR_ACTION}/_action/send_goal")
        sent = client.send_goal_async(request, lambda message: on_feedback(message.feedback))
        try:
            goal = answer(node, sent, "the policy")
        except KeyboardInterrupt:
            # The goal has been sent; the pour it starts must be cancelled.
            goal = answer(node, sent, "the policy")
            if not goal.accepted:
                raise
            return _cancel(node, goal)
        if not goal.accepted:
            spin_until(node, lambda: bool(reasons), REASON)
            raise MultigenError(
                reasons[-1] if reasons else "the policy refused the goal; see its log"
            )
        result = goal.get_result_async()
        try:
            spin_until(node, lambda: result.done() or not client.server_is_ready(), None)
        except KeyboardInterrupt:
            return _cancel(node, goal)
        if not result.done():
            raise MultigenError(
                "the policy exited during the pour; the guard returns the vessel upright"
            )
        return result.result().result


def _cancel(node: Node, goal: ClientGoalHandle) -> Pour.Result:
    goal.cancel_goal_async()
    return answer(node, goal.get_result_async(), "the policy").result


def poured_mass(namespace: str = "") -> float:
    """What the scale tells now [kg].

    Raises:
        MultigenError: nothing weighs, or the mass is unknown.
    """
    with command_node(namespace) as node:
        told: list[PourState] = []
        subscribe(node, POUR_STATE, told.append)
        if spin_until(node, lambda: bool(told) and math.isfinite(told[-1].poured_mass), DISCOVERY):
            return told[-1].poured_mass
    raise MultigenError(
        "the scale does not tell a mass; see its message on /diagnostics"
        if told
        else f"nothing publishes {POUR_STATE.name}: launch with scale_port:=PORT"
    )


def diagnostics(name: str, namespace: str = "") -> dict[str, str]:
    """The values in a node's next status on /diagnostics.

    Raises:
        MultigenError: it sends none.
    """
    with command_node(namespace) as node:
        wanted = node.get_namespace().rstrip("/") + f"/{name}"
        found: list[DiagnosticStatus] = []

        def receive(array: DiagnosticArray) -> None:
            found.extend(status for status in array.status if status.name == wanted)

        subscribe(node, DIAGNOSTICS, receive)
        if not spin_until(node, lambda: bool(found), DISCOVERY):
            raise MultigenError(f"{wanted} sends nothing on {DIAGNOSTICS.name}")
        return {pair.key: pair.value for pair in found[-1].values}


def make_goal(target_ml: float, fill_fraction: float, timeout: float) -> Pour.Goal:
    """The goal of a pour in millilitres, or as a fraction of the target vessel."""
    return Pour.Goal(target_volume=target_ml * 1e-6, fill_fraction=fill_fraction, timeout=timeout)


def succeeded(result: Pour.Result) -> bool:
    """Whether a pour reached its goal."""
    return str(result.outcome) == Outcome.SUCCEEDED.value
