"""Server of the pour action, one goal at a time."""

from __future__ import annotations

from collections.abc import Callable

from multigen_interfaces.action import Pour
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from multigen_core.contract import POUR_ACTION
from multigen_core.errors import MultigenError
from multigen_core.types import Outcome, PourProgress


class PourServer:
    """Serves /pour.

    `begin(request)` starts a pour or raises a MultigenError, which refuses the goal; `cancel()`
    requests its end. The owner of the pour reports progress with `tell`, the last with an outcome.

    The goal is executed only then and takes no time, because rclpy would busy-wait on a callback
    that blocks.
    """

    def __init__(
        self,
        node: Node,
        begin: Callable[[Pour.Goal], None],
        cancel: Callable[[], None],
    ) -> None:
        self._node = node
        self._begin = begin
        self._cancel = cancel
        self._handle: ServerGoalHandle | None = None
        self._end: PourProgress | None = None
        self._server = ActionServer(
            node,
            Pour,
            POUR_ACTION,
            self._execute,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
        )

    def tell(self, progress: PourProgress) -> None:
        """Send progress to the client; an outcome ends its goal."""
        if self._handle is None:
            return
        if not progress.outcome:
            self._handle.publish_feedback(
                Pour.Feedback(
                    elapsed=progress.elapsed,
                    estimated_volume=progress.estimated_volume,
                    stage=progress.stage,
                )
            )
            return
        handle, self._handle, self._end = self._handle, None, progress
        handle.execute()

    def _on_goal(self, request: Pour.Goal) -> GoalResponse:
        try:
            self._begin(request)
        except MultigenError as error:
            self._node.get_logger().error(f"goal refused: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _on_accepted(self, handle: ServerGoalHandle) -> None:
        self._handle = handle

    def _on_cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        self._cancel()
        return CancelResponse.ACCEPT

    def _execute(self, handle: ServerGoalHandle) -> Pour.Result:
        progress = self._end
        assert progress is not None
        if progress.outcome is Outcome.SUCCEEDED:
            handle.succeed()
        elif progress.outcome is Outcome.CANCELED and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return Pour.Result(
            outcome=progress.outcome.value,
            estimated_volume=progress.estimated_volume,
            reason=progress.reason,
        )
