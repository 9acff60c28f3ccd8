"""Looks for another node of the same task where two would harm each other."""

from __future__ import annotations

import time
from typing import Any

from rclpy.node import Node

from multigen_core.contract import Topic
from multigen_core.errors import RivalError
from multigen_core.ros.alone import DISCOVERY, claim
from multigen_core.ros.endpoints import subscribe
from multigen_core.ros.run import fail


class Rivals:
    """Ends the node's process if another does its task.

    On this machine a name that the kernel frees with the process tells of one at once; elsewhere a
    latched topic, on which every newcomer hears of one that lives, but not of one that died.

    Args:
        node: the newcomer.
        task: a name for it.
        topic: what whoever does the task tells, latched.
        complaint: what the user is told.

    Raises:
        RivalError: the complaint, if there is one on this machine.
    """

    def __init__(self, node: Node, task: str, topic: Topic, complaint: str) -> None:
        self._node = node
        self._complaint = complaint
        try:
            self._claim = claim(task)
        except OSError as error:
            raise RivalError(complaint) from error
        self._heard = subscribe(node, topic, self._hear)
        self._until = time.monotonic() + DISCOVERY

    def _hear(self, item: Any) -> None:
        fail(self._node, RivalError(self._complaint))

    @property
    def excluded(self) -> bool:
        """Whether one would have been heard by now."""
        return time.monotonic() > self._until

    def forget(self) -> None:
        """Listen no more; to be called before the node itself tells something there."""
        self._node.destroy_subscription(self._heard)
