"""Subscriptions that are read on demand."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from multigen_core import messages
from multigen_core.contract import Qos, Topic
from multigen_core.ros.endpoints import qos_profile
from multigen_core.ros.factory import message_class


class PolledSubscription:
    """Holds the newest `depth` messages of a topic until they are taken.

    No message wakes the process, so one that takes a few of a fast topic does not pay for the rest.
    The node must not be spun. Best effort, except for a latched topic, whose last message only a
    reliable reader receives.
    """

    def __init__(self, node: Node, topic: Topic, depth: int) -> None:
        self._node = node
        self.topic = topic
        latched = topic.publish.latched
        self._subscription = node.create_subscription(
            message_class(topic.type),
            topic.name,
            lambda _: None,
            qos_profile(Qos(depth, reliable=latched, latched=latched)),
        )

    def take(self) -> list[Any]:
        """The core items of the messages since the last call; a malformed one is logged."""
        items = []
        handle, kind = self._subscription.handle, self._subscription.msg_type
        while (taken := handle.take_message(kind, False)) is not None:
            try:
                items.append(messages.decode(self.topic.type, taken[0]))
            except messages.MessageError as error:
                self._node.get_logger().warning(
                    f"{self.topic.name}: {error}", throttle_duration_sec=5.0
                )
        return items
