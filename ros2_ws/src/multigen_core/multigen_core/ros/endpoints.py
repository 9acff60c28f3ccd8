"""Publishers and subscriptions of the contract's topics, with core types."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription

from multigen_core import messages
from multigen_core.contract import Qos, Topic
from multigen_core.ros.factory import FACTORY, message_class
from multigen_core.types import NANOSECONDS


def qos_profile(qos: Qos) -> QoSProfile:
    """The contract's QoS for rclpy."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=qos.depth,
        reliability=ReliabilityPolicy.RELIABLE if qos.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if qos.latched else DurabilityPolicy.VOLATILE,
    )


class Sender:
    """Publishes core items, or ready messages, on one topic."""

    def __init__(self, endpoint: Publisher, topic: Topic) -> None:
        self._endpoint = endpoint
        self._topic = topic

    @property
    def subscribers(self) -> int:
        """Current number of subscriptions."""
        return self._endpoint.get_subscription_count()

    def send(self, item: Any) -> None:
        """Publish a core item."""
        self._endpoint.publish(messages.encode(self._topic.type, item, FACTORY))

    def flush(self, seconds: float = 1.0) -> None:
        """Wait until every subscriber has acknowledged; call before the process exits."""
        self._endpoint.wait_for_all_acked(Duration(seconds=seconds))

    def publish(self, message: Any) -> None:
        """Publish a message unchanged."""
        self._endpoint.publish(message)


def publisher(node: Node, topic: Topic) -> Sender:
    """A publisher of a contract topic."""
    endpoint = node.create_publisher(
        message_class(topic.type), topic.name, qos_profile(topic.publish)
    )
    return Sender(endpoint, topic)


def subscribe(
    node: Node,
    topic: Topic,
    callback: Callable[[Any], None],
    malformed: Callable[[messages.MessageError], None] | None = None,
    most: float = 0.0,
    **options: Any,
) -> Subscription:
    """Call `callback` with the core item of every message.

    A malformed message goes to `malformed`, or is logged and dropped if that is None. With `most`
    [Hz], messages with a header whose stamps follow each other faster are skipped undecoded.
    """
    kind = message_class(topic.type)

    def receive(message: Any) -> None:
        try:
            now = node.get_clock().now().nanoseconds
            item = messages.decode(topic.type, message, now)
        except messages.MessageError as error:
            if malformed is not None:
                malformed(error)
                return
            node.get_logger().error(f"{topic.name}: {error}", throttle_duration_sec=5.0)
            return
        callback(item)

    last = 0

    def receive_some(data: bytes) -> None:
        nonlocal last
        stamp = _stamp(data)
        if stamp and 0 <= stamp - last < NANOSECONDS / most:
            return
        last = stamp
        receive(deserialize_message(data, kind))

    taken = receive_some if most else receive
    return node.create_subscription(
        kind, topic.name, taken, qos_profile(topic.subscribe), raw=bool(most), **options
    )


def _stamp(data: bytes) -> int:
    """Stamp [ns] of a serialised message that starts with a header: CDR, after 4 bytes."""
    order = "<" if data[1] & 1 else ">"
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", data, 4)
    return int(seconds) * NANOSECONDS + int(nanoseconds)
