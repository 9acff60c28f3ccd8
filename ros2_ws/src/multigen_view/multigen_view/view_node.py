"""The view node: shows a running graph in a browser."""

from __future__ import annotations

import json
import os
import sys
import time

from rclpy.node import Node
from rclpy.parameter import Parameter

from multigen_core.arm import Arm
from multigen_core.contract import AUDIO, DIAGNOSTICS, IMAGE_COMPRESSED, SCENE, Topic
from multigen_core.errors import MultigenError
from multigen_core.ros.node import declare, run
from multigen_core.ros.polled_subscription import PolledSubscription
from multigen_core.station import Station, Told
from multigen_core.world.scene import load_scene
from multigen_view.extra import require_viewer
from multigen_view.parameters import ViewParameters

DEPTHS = {AUDIO: 100, DIAGNOSTICS: 30}
"""Every message of these is shown, and the newest of the others."""
_UNSPUN = Parameter("start_type_description_service", value=False)
"""Whoever is not spun can answer no service."""
MODEST = 10
"""Niceness: the pour comes first."""


class View(Node):
    """Looks at the graph several times a second; publishes and serves nothing on it."""

    def __init__(self) -> None:
        super().__init__("view", start_parameter_services=False, parameter_overrides=[_UNSPUN])
        from multigen_view.board import Board, new_recording
        from multigen_view.server import serve

        os.nice(MODEST)
        p = declare(self, ViewParameters)
        self._arm = Arm.load(p.arm_file)
        self._period = 1.0 / p.rate
        self._recording = new_recording()
        self._board = Board(self._recording, self._station(p.scene, p.seed))
        link = serve(self._recording, p.port, p.memory)
        self._subscriptions_polled = [
            PolledSubscription(self, topic, DEPTHS.get(topic, 1))
            for topic in (*self._board.topics, SCENE)
            if topic is not IMAGE_COMPRESSED
        ]
        self.get_logger().info(f"open {link}")

    def _station(self, scene: str, seed: int) -> Station:
        return Station.of(load_scene(scene, seed), self._arm, Told.TARGET)

    def turn(self) -> None:
        """Show what is new, and sleep."""
        for subscription in self._subscriptions_polled:
            for item in subscription.take():
                self._show(subscription.topic, item)
        time.sleep(self._period)

    def _show(self, topic: Topic, item: object) -> None:
        try:
            if topic is SCENE:
                told = json.loads(str(item))
                self._board.place(self._station(str(told["scene"]), int(told["seed"])))
            else:
                self._board.take(topic, item)
        except (MultigenError, ValueError, KeyError, TypeError) as error:
            self.get_logger().warning(f"{topic.name}: {error}", throttle_duration_sec=5.0)

    def close(self) -> None:
        """Stop serving."""
        self._recording.disconnect()


def main() -> None:
    """Run the node; without the viewer, say so and exit cleanly, since a pour needs none."""
    try:
        require_viewer()
    except MultigenError as error:
        print(f"view: {error}", file=sys.stderr)
        return
    try:
        run(View, View.turn)
    except SystemExit as end:
        from multigen_view.server import leave

        leave(int(end.code or 0))
