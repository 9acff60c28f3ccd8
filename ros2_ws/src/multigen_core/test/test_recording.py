"""The recorder and the player as users run them: processes of an isolated graph."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from domain_coordinator import domain_id
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState as JointStateMessage

from multigen_core.bags import BagReader, BagWriter, repair
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    CLOCK,
    GOAL,
    GUARD_COMMAND,
    JOINT_STATES,
    POUR_STATE,
    TOPICS,
)
from multigen_core.ros.endpoints import publisher, subscribe
from multigen_core.ros.factory import FACTORY
from multigen_core.trajectory import hold
from multigen_core.types import NANOSECONDS, AudioChunk, JointState, PourProgress, PourState

PATIENCE = 30.0
"""How long a process may take for what it does in a second [s]."""


@pytest.fixture(scope="module", autouse=True)
def domain() -> Iterator[None]:
    with domain_id() as number:
        os.environ["ROS_DOMAIN_ID"] = str(number)
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
        yield


@pytest.fixture
def node() -> Iterator[Node]:
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
    node = rclpy.create_node("peer", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    stopped = threading.Event()

    def spin() -> None:
        while not stopped.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin)
    thread.start()
    yield node
    stopped.set()
    thread.join()
    node.destroy_node()
    rclpy.shutdown(context=context)


def wait(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


class Process:
    """One node with parameters."""

    def __init__(self, module: str, **parameters: object) -> None:
        command = [sys.executable, "-m", f"multigen_core.ros.{module}", "--ros-args"]
        for name, value in parameters.items():
            command += ["-p", f"{name}:={value}"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, number: int | None = None) -> tuple[int, str]:
        if number is not None:
            self.process.send_signal(number)
        try:
            output, _ = self.process.communicate(timeout=PATIENCE)
        finally:
            self.process.kill()
        return self.process.returncode, output


def chunk(index: int) -> AudioChunk:
    return AudioChunk(index * 20_000_000, np.full(320, 0.25, np.float32), 16_000)


def record(node: Node, folder: Path, number: int, **parameters: object) -> tuple[int, str]:
    """Record 100 audio chunks and a goal that was there before, then send a signal."""
    audio = publisher(node, AUDIO)
    publisher(node, GOAL).send(PourProgress(1, "accepted", 1.5e-4))
    process = Process("recorder_node", bag_dir=folder, name="bag", **parameters)
    wait(lambda: audio.subscribers, "the recorder")
    for index in range(100):
        audio.send(chunk(index))
        time.sleep(0.005)
    wait(lambda: (folder / "bag/bag.mcap").stat().st_size > 60_000, "a flush")
    return process.end(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_complete_bag(node: Node, tmp_path: Path, number: int) -> None:
    status, output = record(node, tmp_path, number, scene="bar", seed=3, target_ml=150)
    assert status == 0, output
    with BagReader(tmp_path / "bag") as bag:
        chunks = bag.items(AUDIO)
        assert [c.stamp for c in chunks] == [i * 20_000_000 for i in range(100)]
        assert [goal.target_volume for goal in bag.items(GOAL)] == [1.5e-4]
        assert bag.metadata["scene"] == "bar"
        assert bag.metadata["seed"] == "3"
        assert bag.metadata["target_ml"] == "150.0"
        assert bag.metadata["dropped"] == "0"
        assert bag.metadata["contract_version"]


def test_a_killed_recording_can_be_repaired(node: Node, tmp_path: Path) -> None:
    record(node, tmp_path, signal.SIGKILL, scene="bar")
    assert not (tmp_path / "bag/metadata.yaml").exists()
    assert repair(tmp_path / "bag").messages >= 80
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata["scene"] == "bar"
        assert [c.stamp for c in bag.items(AUDIO)][:80] == [i * 20_000_000 for i in range(80)]


def test_a_best_effort_publisher_is_recorded_too(node: Node, tmp_path: Path) -> None:
    process = Process("recorder_node", bag_dir=tmp_path, name="bag")
    endpoint = node.create_publisher(
        JointStateMessage,
        JOINT_STATES.name,
        QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT),
    )
    wait(endpoint.get_subscription_count, "the recorder")
    for _ in range(50):
        endpoint.publish(JointStateMessage(name=["a"], position=[1.0], velocity=[0.0]))
        time.sleep(0.01)
    status, output = process.end(signal.SIGINT)
    assert status == 0, output
    assert "offers less reliability" in output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(JOINT_STATES) >= 40


def test_bag_time_is_simulated_time(node: Node, tmp_path: Path) -> None:
    audio, clock = publisher(node, AUDIO), publisher(node, CLOCK)
    process = Process("recorder_node", bag_dir=tmp_path, name="bag", use_sim_time=True)
    wait(lambda: audio.subscribers and clock.subscribers, "the recorder")
    audio.send(chunk(0))
    for second in range(40, 60):
        clock.publish(
            FACTORY.new(CLOCK.type, clock=FACTORY.new("builtin_interfaces/msg/Time", sec=second))
        )
        audio.send(chunk(second))
        time.sleep(0.05)
    status, output = process.end(signal.SIGINT)
    assert status == 0, output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(AUDIO) == 21
        assert bag.start >= 40 * NANOSECONDS
        assert bag.end <= 60 * NANOSECONDS
        assert float(bag.metadata["real_time_factor"]) > 0


def test_a_nearly_full_disk_stops_the_recorder_with_a_complete_bag(
    node: Node, tmp_path: Path
) -> None:
    status, output = Process("recorder_node", bag_dir=tmp_path, name="bag", reserve_mb=1e12).end()
    assert status == 1
    assert "make room" in output
    assert "Traceback" not in output
    assert (tmp_path / "bag/metadata.yaml").exists()


@pytest.fixture
def episode(tmp_path: Path) -> Path:
    path = tmp_path / "episode"
    with BagWriter(path, [topic for topic in TOPICS if topic.recorded]) as bag:
        for index in range(50):
            stamp = 7 * NANOSECONDS + index * 20_000_000
            bag.write(AUDIO, chunk(index), stamp)
            bag.write(ARM_COMMAND, hold(("a",), np.zeros(1)), stamp)
            bag.write(GUARD_COMMAND, hold(("a",), np.zeros(1)), stamp)
            bag.write(POUR_STATE, PourState(stamp, 0.0, 0.0, 0.0, 0.0), stamp)
            joints = JointState(stamp, ("a",), np.zeros(1), np.zeros(1))
            bag.write(JOINT_STATES, joints, stamp)
    return path


def test_player_plays_all_but_commands_and_tells_the_time(node: Node, episode: Path) -> None:
    states: list[PourState] = []
    clocks: list[object] = []
    commands: list[object] = []
    subscribe(node, POUR_STATE, states.append)
    subscribe(node, CLOCK, clocks.append)
    # Refusing to play while an arm listens is another test's matter: here only the guard does.
    subscribe(node, GUARD_COMMAND, commands.append)
    player = Process("bag_player_node", bag=episode, delay=7.0)
    wait(lambda: node.count_publishers("pour_state"), "the player")
    for topic in (GUARD_COMMAND, ARM_COMMAND):
        assert node.count_publishers(topic.name) == 0
    status, output = player.end()
    assert status == 0, output
    assert len(states) == 50
    assert not commands
    times = [message.clock.sec * NANOSECONDS + message.clock.nanosec for message in clocks]
    assert times == sorted(times)
    assert times[-1] == 7 * NANOSECONDS + 49 * 20_000_000


def test_player_refuses_while_an_arm_listens(node: Node, episode: Path) -> None:
    subscribe(node, ARM_COMMAND, lambda item: None)
    status, output = Process("bag_player_node", bag=episode).end()
    assert status == 1
    assert "stop it before playing" in output
    assert "Traceback" not in output


def test_player_without_a_bag_says_so(tmp_path: Path) -> None:
    for bag, reason in (("''", "name the bag"), (tmp_path / "absent", "no such")):
        status, output = Process("bag_player_node", bag=bag).end()
        assert status == 1
        assert reason in output
