"""Connects the topics of a policy's senses to an observer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.subscription import Subscription

from multigen_core import contract
from multigen_core.arm import JointNameError
from multigen_core.policy import Sense
from multigen_core.rollout import Rollout
from multigen_core.ros.endpoints import subscribe
from multigen_core.types import JointState


def subscribe_senses(node: Node, rollout: Rollout) -> list[Subscription]:
    """Subscribe to the joints and to the senses that a rollout's policy uses."""
    observer, senses = rollout.observer, rollout.senses

    def on_joints(state: JointState) -> None:
        try:
            observer.add_joints(state)
        except JointNameError as error:
            node.get_logger().error(str(error), throttle_duration_sec=5.0)

    inputs: list[tuple[contract.Topic, Callable[[Any], None]]] = []
    if Sense.IMAGE in senses:
        inputs += [
            (contract.IMAGE, observer.add_image),
            (contract.CAMERA_INFO, observer.add_camera),
        ]
    if Sense.AUDIO in senses:
        inputs += [(contract.AUDIO, observer.add_audio)]
    subscriptions = [
        subscribe(node, contract.JOINT_STATES, on_joints, most=contract.MOST_JOINT_STATES),
        *(subscribe(node, topic, callback) for topic, callback in inputs),
    ]
    if Sense.AUDIO in senses:
        subscriptions.append(
            subscribe(
                node,
                contract.AUDIO_INFO,
                lambda _: observer.judge_audio(),
                lambda error: observer.judge_audio(str(error)),
            )
        )
    return subscriptions
