"""How every MultiGen node runs and exits."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import rclpy
from rclpy.exceptions import ROSInterruptException
from rclpy.executors import ExternalShutdownException
from rclpy.experimental import EventsExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.logging import LoggingSeverity, set_logger_level
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from multigen_core.errors import MultigenError, RivalError
from multigen_core.ros.start import orphaned
from multigen_core.ros.surroundings import settle

MIDDLEWARE = (
    *("rcl", "rcl_action", "rcl_lifecycle", "rclpy", "rcutils"),
    *("rmw_fastrtps_cpp", "rmw_fastrtps_shared_cpp"),
)
"""Loggers of the lower layers."""


NodeT = TypeVar("NodeT", bound=Node)


class Stop:
    """Whether, and with which status, the process should exit."""

    def __init__(self) -> None:
        self.status: int | None = None

    def __call__(self, status: int = 0) -> None:
        """Ask the spin loop to exit."""
        if self.status is None:
            self.status = status


stop = Stop()
"""A node calls this to exit its process."""


def fail(node: Node | None, error: MultigenError, status: int = 1) -> None:
    """Print an error as one line and exit with a status.

    For use in callbacks: the executor would also log their exceptions in its own format.
    """
    name = node.get_name() if node else Path(sys.argv[0]).name
    print(f"{name}: error: {error}", file=sys.stderr, flush=True)
    stop(status)


def run(make_node: Callable[[], NodeT], turn: Callable[[NodeT], None] | None = None) -> None:
    """Create a node, spin until it stops or a signal arrives, close it, exit.

    With `turn` there is no executor: it is called again and again and paces itself.

    A MultigenError prints one line on standard error and gives status 1, or `os.EX_CONFIG` if the
    node cannot be made with its parameters, so that a launch does not try again. The node's
    `close()`, if any, runs while the context is still valid, so that it can finish its files and
    hold its arm.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop(0))
    _quiet_middleware()
    try:
        settle()
        rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    except MultigenError as error:
        fail(None, error)
        sys.exit(stop.status)
    except rclpy_implementation.RCLError as error:
        # Usually an invalid parameter file, with lines of its own source locations.
        fail(None, MultigenError(str(error).splitlines()[0]), os.EX_CONFIG)
        sys.exit(stop.status)
    node: NodeT | None = None
    try:
        node = make_node()
        node.get_logger().debug("started")
        step = partial(turn, node) if turn else _spinning(node)
        while stop.status is None and rclpy.ok():
            step()
            if orphaned():
                node.get_logger().error("the launch process is gone; exiting")
                stop(1)
    except MultigenError as error:
        refused = node is None and not isinstance(error, RivalError)
        fail(node, error, os.EX_CONFIG if refused else 1)
    except (ExternalShutdownException, ROSInterruptException):
        stop(0)
    finally:
        if node is not None:
            node.get_logger().debug("ending")
            _close(node)
        rclpy.try_shutdown()
    sys.exit(stop.status)


def _spinning(node: Node) -> Callable[[], None]:
    """Handles what is due for a node."""
    executor = EventsExecutor()
    executor.add_node(node)
    # EventsExecutor.spin() spins without delivering in some builds; spin_once does neither.
    return partial(executor.spin_once, timeout_sec=0.2)


def _quiet_middleware() -> None:
    """Keep the lower layers' messages about every timer tick out of a debug log.

    `--log-level rcl:=debug` shows it again.
    """
    if any(word.lower() == "debug" for word in sys.argv):
        for name in MIDDLEWARE:
            set_logger_level(name, LoggingSeverity.INFO)


def _close(node: Node) -> None:
    close = getattr(node, "close", None)
    if close is not None:
        try:
            close()
        except MultigenError as error:
            stop.status = 1
            fail(node, error)
    node.destroy_node()
