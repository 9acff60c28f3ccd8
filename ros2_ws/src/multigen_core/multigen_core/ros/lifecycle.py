"""rclpy's lifecycle node, made robust against invalid requests."""

from __future__ import annotations

from typing import Any

import rclpy.lifecycle
from lifecycle_msgs.srv import ChangeState
from rclpy.impl.implementation_singleton import rclpy_implementation


class LifecycleNode(rclpy.lifecycle.LifecycleNode):
    """Refuses transitions that are invalid in its state.

    Jazzy's first rclpy releases end the process instead (ros2/rclpy#1209).
    """

    def __init__(self, node_name: str, **options: Any) -> None:
        super().__init__(node_name, **options)
        change_state = self._service_change_state.callback

        def refuse_or_change(
            request: ChangeState.Request, response: ChangeState.Response
        ) -> ChangeState.Response:
            try:
                return change_state(request, response)
            except rclpy_implementation.RCLError:
                response.success = False
                return response

        self._service_change_state.callback = refuse_or_change
