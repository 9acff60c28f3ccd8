"""Records the contract's topics into one bag, from its start to its end."""

from __future__ import annotations

import time
from functools import partial

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter

from multigen_core.bags import Arrivals, BackgroundWriter, BagError, BagWriter, provenance
from multigen_core.contract import AUDIO_VIEW, CLOCK, DIAGNOSTICS, TOPICS, Topic
from multigen_core.errors import MultigenError
from multigen_core.ros.alone import DISCOVERY
from multigen_core.ros.node import Diagnostics, Health, declare, fail, run, stop
from multigen_core.ros.raw_subscription import RawSubscription
from multigen_core.ros.recorder_parameters import RecorderParameters
from multigen_core.ros.whereabouts import whereabouts
from multigen_core.types import NANOSECONDS
from multigen_core.world.scene import load_scene

SILENCE = 5.0
"""Without a message for this long something is wrong [s]."""


class Recorder(Node):
    """Stamps each message on arrival, with simulated time if there is any; a thread writes."""

    def __init__(self) -> None:
        super().__init__("recorder")
        parameters = declare(self, RecorderParameters)
        metadata = provenance() | parameters.metadata
        if parameters.scene:
            metadata["drawn_scene"] = self._drawn_scene(parameters.scene, parameters.seed)
        extra = {AUDIO_VIEW} if parameters.hearing_view else set()
        topics = tuple(topic for topic in TOPICS if topic.recorded or topic in extra)
        self._bag = BagWriter.beside(parameters.path, topics, metadata, self.get_namespace())
        self._writer = BackgroundWriter(self._bag, round(parameters.reserve_mb * 2**20))
        self._arrivals = Arrivals(self._writer.put, None)
        if self.get_parameter("use_sim_time").value:
            self._decide(True)
        self._received = 0
        self._began = time.monotonic()
        self._heard: float | None = None
        self._span: tuple[tuple[int, float], tuple[int, float]] | None = None
        self._last = (self._began, 0, 0)
        self._listeners = [
            RawSubscription(self, topic, partial(self._receive, topic)) for topic in topics
        ]
        self._diagnostics = Diagnostics(self, self._health)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._check_timer = self.create_timer(0.5, self._check, clock=steady)
        self.get_logger().info(f"recording {self._bag.path}")

    def _drawn_scene(self, file: str, seed: int) -> str:
        """The complete scene, so that the bag can be evaluated after its files have changed."""
        try:
            return load_scene(file, seed).model_dump_json()
        except MultigenError as error:
            self.get_logger().warning(f"the bag will not hold its scene: {error}")
            return ""

    def _receive(self, topic: Topic, data: bytes) -> None:
        now, moment = self.get_clock().now().nanoseconds, time.monotonic()
        if topic is not DIAGNOSTICS:  # Of which the recorder itself sends some.
            self._received += 1
            self._heard = self._heard or moment
        if self._arrivals.take(topic, data, now):
            self._span = (self._span[0] if self._span else (now, moment), (now, moment))

    def _check(self) -> None:
        if self._writer.error:
            fail(self, self._writer.error)
        now = time.monotonic()
        if self._arrivals.simulated is not True and self.count_publishers(CLOCK.name):
            if self._arrivals.simulated is None:
                self.set_parameters([Parameter("use_sim_time", value=True)])
                self._decide(True)
            else:
                self.get_logger().error(
                    "a simulator has begun beside a real graph, and this bag tells wall time: "
                    "record them apart, by ROS_DOMAIN_ID",
                    once=True,
                )
        elif self._arrivals.simulated is None and self._heard and now > self._heard + DISCOVERY:
            self._decide(False)
        if not self._heard and now > self._began + SILENCE:
            self.get_logger().warning(f"nothing arrives: {whereabouts(self)}", once=True)

    def _decide(self, simulated: bool) -> None:
        self._arrivals.decide(simulated)
        self._bag.annotate("sim", str(simulated).lower())

    def _health(self) -> Health:
        now, messages, size = time.monotonic(), self._received, self._bag.bytes
        elapsed = max(now - self._last[0], 1e-9)
        lost = self._writer.dropped + self._arrivals.lost
        values: dict[str, str | float] = {
            "bag": str(self._bag.path),
            "messages": messages,
            "messages_per_s": (messages - self._last[1]) / elapsed,
            "megabytes_per_s": (size - self._last[2]) / elapsed / 1e6,
            "waiting_megabytes": self._writer.waiting / 1e6,
            "dropped": lost,
        }
        self._last = (now, messages, size)
        if lost:
            return Health.error("disk too slow; messages dropped", **values)
        if self._arrivals.simulated and self._arrivals.waiting:
            return Health.warn("waiting for /clock; is a simulator running?", **values)
        if not self._received:
            return Health.warn(f"no messages received: {whereabouts(self)}", **values)
        return Health.ok("recording", **values)

    def close(self) -> None:
        """Finish the bag."""
        if self._span:
            (first, began), (last, ended) = self._span
            if ended > began and self._arrivals.simulated:
                factor = (last - first) / NANOSECONDS / (ended - began)
                self._bag.annotate("real_time_factor", f"{factor:.4g}")
        if self._arrivals.waiting:
            # Nobody told the time, or not yet whether it is simulated.
            self._decide(False)
        self._bag.annotate("dropped", self._writer.dropped + self._arrivals.lost)
        reported = self._writer.error
        try:
            self._writer.close()
        except BagError as error:
            stop.status = 1
            if not reported:
                self.get_logger().error(str(error))
            return
        self.get_logger().info(f"wrote {self._bag.path}: {sum(self._bag.counts.values())} messages")


def main() -> None:
    """Run the node."""
    run(Recorder)


if __name__ == "__main__":
    main()
