"""Plays a bag's observations in place of the simulator; it never sends commands.

Publishes /clock from the bag's time, so nodes with use_sim_time see the time of the recording. In a
loop, time jumps back to the start, which clears the buffers of all nodes. Bags hold compressed
images; policy and synthesizer receive raw ones.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import SetBool

from multigen_core.bags import BagReader, Playback
from multigen_core.bags.typestore import deserialize
from multigen_core.contract import ARM_COMMAND, IMAGE, IMAGE_COMPRESSED, Topic
from multigen_core.errors import MultigenError
from multigen_core.messages import MessageError, decode
from multigen_core.ros.node import declare, fail, parameter, publisher, run, stop
from multigen_core.ros.sim_clock import SimClock

PERIOD = 0.005
"""Period of /clock [s], steady time."""
DISCOVERY = 4.0
"""Time for DDS participants, which announce themselves every 3 s, to discover each other [s]."""
LINGER = 0.5
"""Time allowed for the last messages to arrive [s]."""


@dataclass(frozen=True)
class PlayerParameters:
    """Parameters of the player."""

    bag: str = parameter("", "bag directory or .mcap file")
    rate: float = parameter(1.0, "speed relative to the recording", low=0.01, high=100.0)
    loop: bool = parameter(False, "start again at the end")
    start_offset: float = parameter(0.0, "start this long after the bag's start [s]", low=0.0)
    playback_duration: float = parameter(0.0, "play this long [s]; 0: to the bag's end", low=0.0)
    start_paused: bool = parameter(
        False, "start paused, until simulator/pause is called with false"
    )
    delay: float = parameter(
        DISCOVERY, "delay before the start, for others to connect [s]", low=0.0, high=60.0
    )
    clock: bool = parameter(True, "publish /clock from the bag's time")


class BagPlayer(Node):
    """Publishes the due messages at every tick of steady time; images also as raw messages."""

    def __init__(self) -> None:
        super().__init__("bag_player")
        p = declare(self, PlayerParameters)
        if not p.bag:
            raise MultigenError("parameter bag is empty: set the bag to play, e.g. bag:=bags/NAME")
        self._bag = BagReader(p.bag)
        self._playback = Playback(self._bag, p.rate, p.loop, p.start_offset, p.playback_duration)
        self._senders = {topic.name: publisher(self, topic) for topic in self._playback.topics}
        if IMAGE_COMPRESSED in self._playback.topics:
            self._raw = publisher(self, IMAGE)
        self._sim_clock = SimClock(self) if p.clock else None
        self.create_service(SetBool, "simulator/pause", self._on_pause)
        self._paused = p.start_paused
        self._elapsed = 0.0
        self._ticked = time.monotonic() + p.delay
        self._finished: float | None = None
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._guard_timer = self.create_timer(0.2, self._check_graph, clock=steady)
        self._timer = self.create_timer(PERIOD, self._tick, clock=steady)
        names = ", ".join(topic.name for topic in self._playback.topics)
        self.get_logger().info(f"playing {self._bag.path}: {names}")

    def _check_graph(self) -> None:
        """Observations from a bag must not drive an arm through a live policy and guard."""
        try:
            if self.count_subscribers(ARM_COMMAND.name):
                raise MultigenError(
                    f"an arm or simulator subscribes to {ARM_COMMAND.name}: stop it before playing"
                )
            if self._sim_clock:
                self._sim_clock.check_alone()
        except MultigenError as error:
            fail(self, error)

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._paused = request.data
        response.success = True
        return response

    def _tick(self) -> None:
        now = time.monotonic()
        messages: list[tuple[Topic, bytes]] = []
        if now >= self._ticked:
            if not self._paused:
                self._elapsed += now - self._ticked
                messages = list(self._playback.due(self._elapsed))
            self._ticked = now
        if self._sim_clock:
            self._sim_clock.send(self._playback.now)
        for topic, data in messages:
            self._senders[topic.name].publish(data)
            if topic is IMAGE_COMPRESSED and self._raw.subscribers:
                self._send_raw(data)
        if self._playback.finished:
            self._finished = self._finished or now
            if now >= self._finished + LINGER:
                stop()

    def _send_raw(self, data: bytes) -> None:
        try:
            picture = deserialize(data, IMAGE_COMPRESSED.type)
            self._raw.send(decode(IMAGE_COMPRESSED.type, picture))
        except MessageError as error:
            self.get_logger().warning(f"{IMAGE_COMPRESSED.name}: {error}", throttle_duration_sec=5)

    def close(self) -> None:
        """Release the bag."""
        self._bag.close()


def main() -> None:
    """Run the node."""
    run(BagPlayer)


if __name__ == "__main__":
    main()
