"""Where a graph may be of which a node hears nothing."""

from __future__ import annotations

from rclpy.node import Node

from multigen_core.contract import AUDIO, JOINT_STATES
from multigen_core.ros.alone import domain


def whereabouts(node: Node) -> str:
    """What may be wrong, in words: another namespace, or another ROS domain."""
    namespaces = {
        name.removesuffix(f"/{topic.name}") or "/"
        for topic in (AUDIO, JOINT_STATES)
        for name, _ in node.get_topic_names_and_types()
        if name.endswith(f"/{topic.name}")
    } - {node.get_namespace()}
    if namespaces:
        return f"there is a graph in {' and '.join(sorted(namespaces))}: give its namespace"
    return f"is the graph in ROS domain {domain()} and namespace {node.get_namespace()}?"
