"""Records the contract's topics into one bag, from its start to its end."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from multigen_core.bags import BackgroundWriter, BagError, BagWriter, free_path, provenance
from multigen_core.contract import AUDIO_VIEW, TOPICS, Topic
from multigen_core.errors import MultigenError
from multigen_core.ros.node import Diagnostics, Health, declare, fail, parameter, run, stop
from multigen_core.ros.raw_subscription import RawSubscription
from multigen_core.types import NANOSECONDS
from multigen_core.world.scene import load_scene

MAX_EARLY = 2000
"""Messages kept while simulated time has not begun."""


@dataclass(frozen=True)
class RecorderParameters:
    """The recorder's parameters; those from `scene` on go into the bag's metadata."""

    bag_dir: str = parameter("bags", "folder the bag is written into")
    name: str = parameter("", "the bag's name; empty: the scene and the time of the start")
    reserve_mb: float = parameter(256.0, "stop when the disk has less left [MiB]", low=0.0)
    hearing_view: bool = parameter(False, "keep the cut-away view's pictures, too, 0.6 MB/s")
    scene: str = parameter("", "scene file or name")
    seed: int = parameter(0, "the scene's seed", low=0)
    arm_file: str = parameter("", "the arm's description")
    target_ml: float = parameter(0.0, "goal of the pour [ml], 0 if none", low=0.0)
    policy: str = parameter("", "policy that pours")
    policy_checkpoint: str = parameter("", "its checkpoint")
    synthesizer: str = parameter("", "synthesizer of the sound")
    synthesizer_checkpoint: str = parameter("", "its checkpoint")
    backend: str = parameter("", "physics backend of the simulator")
    sim: bool = parameter(True, "whether the world is simulated")


class Recorder(Node):
    """Stamps each message with the node's clock as it arrives; a thread writes."""

    def __init__(self) -> None:
        super().__init__("recorder")
        parameters = declare(self, RecorderParameters)
        prefix = f"{Path(parameters.scene).stem}-" if parameters.scene else ""
        name = parameters.name or f"{prefix}{time.strftime('%Y%m%d-%H%M%S')}"
        path = free_path(Path(parameters.bag_dir).expanduser().absolute() / name)
        metadata = provenance() | {
            field.name: str(value).lower() if isinstance(value, bool) else str(value)
            for field in fields(parameters)
            if field.name not in ("bag_dir", "name", "reserve_mb", "hearing_view")
            and (value := getattr(parameters, field.name)) != ""
            and not (field.name == "target_ml" and not value)
        }
        if parameters.scene:
            metadata["drawn_scene"] = self._drawn_scene(parameters.scene, parameters.seed)
        extra = {AUDIO_VIEW} if parameters.hearing_view else set()
        topics = tuple(topic for topic in TOPICS if topic.recorded or topic in extra)
        self._bag = BagWriter(path, topics, metadata, self.get_namespace())
        self._writer = BackgroundWriter(self._bag, round(parameters.reserve_mb * 2**20))
        self._early: deque[tuple[Topic, bytes]] = deque(maxlen=MAX_EARLY)
        self._received = self._early_lost = 0
        self._span: tuple[tuple[int, float], tuple[int, float]] | None = None
        self._last = (time.monotonic(), 0, 0)
        self._listeners = [
            RawSubscription(self, topic, partial(self._receive, topic)) for topic in topics
        ]
        self._diagnostics = Diagnostics(self, self._health)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._check_timer = self.create_timer(0.5, self._check, clock=steady)
        self.get_logger().info(f"recording {path}")

    def _drawn_scene(self, file: str, seed: int) -> str:
        """The scene whole, so that the bag can be evaluated when its files have changed."""
        try:
            return load_scene(file, seed).model_dump_json()
        except MultigenError as error:
            self.get_logger().warning(f"the bag will not hold its scene: {error}")
            return ""

    def _receive(self, topic: Topic, data: bytes) -> None:
        self._received += 1
        now = self.get_clock().now().nanoseconds
        if not now:
            # Simulated time has not begun: a stamp of 0 would stretch the bag over the whole clock.
            self._early_lost += len(self._early) == MAX_EARLY
            self._early.append((topic, data))
            return
        while self._early:
            self._writer.put(*self._early.popleft(), now)
        self._writer.put(topic, data, now)
        moment = (now, time.monotonic())
        self._span = (self._span[0] if self._span else moment, moment)

    def _check(self) -> None:
        if self._writer.error:
            fail(self, self._writer.error)

    def _health(self) -> Health:
        now, messages, size = time.monotonic(), self._received, self._bag.bytes
        elapsed = max(now - self._last[0], 1e-9)
        lost = self._writer.dropped + self._early_lost
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
            return Health.error("the disk is too slow, messages were dropped", **values)
        if self._early:
            return Health.warn("waiting for /clock: is a simulator running?", **values)
        return Health.ok("recording", **values)

    def close(self) -> None:
        """Finish the bag."""
        if self._span:
            (first, began), (last, ended) = self._span
            if ended > began and self.get_parameter("use_sim_time").value:
                factor = (last - first) / NANOSECONDS / (ended - began)
                self._bag.annotate("real_time_factor", f"{factor:.4g}")
        self._bag.annotate("dropped", self._writer.dropped + self._early_lost)
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
