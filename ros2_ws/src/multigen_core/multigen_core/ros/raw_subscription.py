"""Subscriptions to serialized messages from any publisher."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSPolicyKind
from rclpy.subscription import Subscription

from multigen_core.contract import Qos, Topic
from multigen_core.ros.endpoints import qos_profile
from multigen_core.ros.factory import message_class

DEPTH = 500
"""Messages that the middleware queues while this process is busy."""


class RawSubscription:
    """Calls `callback` with the serialized messages of a topic.

    Requests the reliability and durability of the contract's publisher, and less once a publisher
    offers less, because an incompatible request would receive nothing.
    """

    def __init__(self, node: Node, topic: Topic, callback: Callable[[bytes], None]) -> None:
        self._node = node
        self._topic = topic
        self._callback = callback
        self._subscription = self._listen(topic.publish.reliable, topic.publish.latched)

    def _listen(self, reliable: bool, latched: bool) -> Subscription:
        def adapt(event: QoSRequestedIncompatibleQoSInfo) -> None:
            kind = event.last_policy_kind
            less = {
                QoSPolicyKind.RELIABILITY: "reliability",
                QoSPolicyKind.DURABILITY: "durability",
            }
            if kind not in less:
                return
            self._node.get_logger().warning(
                f"{self._topic.name}: a publisher offers less {less[kind]} than the contract; "
                "messages may be lost"
            )
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._listen(
                reliable and kind != QoSPolicyKind.RELIABILITY,
                latched and kind != QoSPolicyKind.DURABILITY,
            )

        return self._node.create_subscription(
            message_class(self._topic.type),
            self._topic.name,
            self._callback,
            qos_profile(Qos(DEPTH, reliable, latched)),
            raw=True,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=adapt),
        )
