"""The recorder and the player as users run them: processes of an isolated graph."""

import signal
import time

import numpy as np
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState as JointStateMessage
from std_srvs.srv import SetBool

from multigen_core.arm.trajectory import hold
from multigen_core.bags import BagReader, BagWriter, repair
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    AUDIO_VIEW,
    CLOCK,
    GOAL,
    GUARD_COMMAND,
    IMAGE,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    POUR_STATE,
    TOPICS,
)
from multigen_core.ros.endpoints import publisher, subscribe
from multigen_core.ros.factory import FACTORY
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    CameraFrame,
    JointState,
    PourProgress,
    PourState,
)


def chunk(index):
    return AudioChunk(index * 20_000_000, np.full(320, 0.25, np.float32), 16_000)


@pytest.fixture
def start_recorder(start_node, tmp_path):
    """Starts the recorder, which writes `tmp_path / "bag"`."""

    def start(**parameters):
        return start_node("multigen_core", "recorder", bag_dir=tmp_path, name="bag", **parameters)

    return start


@pytest.fixture
def record(start_recorder, peer, meet, wait, tmp_path):
    """Records 100 audio chunks and a goal that was there before, then sends a signal."""

    def make(number, **parameters):
        audio = publisher(peer, AUDIO)
        publisher(peer, GOAL).send(PourProgress(1, "accepted", 1.5e-4))
        process = start_recorder(**parameters)
        wait(lambda: audio.subscribers, "the recorder")
        meet("recorder")
        for index in range(100):
            audio.send(chunk(index))
            time.sleep(0.005)
        wait(lambda: (tmp_path / "bag/bag.mcap").stat().st_size > 60_000, "a flush")
        return process.end(number), process.output

    return make


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_complete_bag(record, tmp_path, number):
    status, output = record(number, scene="bar", seed=3, target_ml=150)
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


def test_seed_0_is_told_but_no_goal_is_not(record, tmp_path):
    record(signal.SIGINT)
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata["seed"] == "0"
        assert "target_ml" not in bag.metadata
        assert "scene" not in bag.metadata


def test_a_killed_recording_can_be_repaired(record, tmp_path):
    record(signal.SIGKILL, scene="bar")
    assert not (tmp_path / "bag/metadata.yaml").exists()
    assert repair(tmp_path / "bag").messages >= 80
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata["scene"] == "bar"
        assert [c.stamp for c in bag.items(AUDIO)][:80] == [i * 20_000_000 for i in range(80)]


def test_a_best_effort_publisher_is_recorded_too(start_recorder, peer, wait, meet, tmp_path):
    process = start_recorder()
    endpoint = peer.create_publisher(
        JointStateMessage,
        JOINT_STATES.name,
        QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT),
    )
    wait(endpoint.get_subscription_count, "the recorder")
    meet("recorder")
    for _ in range(50):
        endpoint.publish(JointStateMessage(name=["a"], position=[1.0], velocity=[0.0]))
        time.sleep(0.01)
    assert process.end() == 0, process.output
    assert "offers less reliability" in process.output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(JOINT_STATES) >= 40


@pytest.mark.parametrize("asked", [True, False])
def test_the_hearing_view_is_recorded_only_if_asked_for(
    start_recorder, peer, wait, meet, tmp_path, asked
):
    view, audio = publisher(peer, AUDIO_VIEW), publisher(peer, AUDIO)
    process = start_recorder(hearing_view=asked)
    meet("recorder")
    wait(lambda: audio.subscribers, "the recorder")
    assert bool(view.subscribers) == asked
    for index in range(5):
        view.send(CameraFrame(index, np.full((128, 160, 3), index, np.uint8), "view"))
        audio.send(chunk(index))
    time.sleep(0.5)
    assert process.end(signal.SIGINT) == 0
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(AUDIO) == 5
        assert bag.count(AUDIO_VIEW) == (5 if asked else 0)
        assert "hearing_view" not in bag.metadata


def test_bag_time_is_simulated_time(start_recorder, peer, wait, meet, tmp_path):
    audio, clock = publisher(peer, AUDIO), publisher(peer, CLOCK)
    process = start_recorder(use_sim_time=True)
    wait(lambda: audio.subscribers and clock.subscribers, "the recorder")
    meet("recorder")
    audio.send(chunk(0))
    for second in range(40, 60):
        tell(clock, second)
        audio.send(chunk(second))
        time.sleep(0.05)
    assert process.end() == 0, process.output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(AUDIO) == 21
        assert bag.start >= 40 * NANOSECONDS
        assert bag.end <= 60 * NANOSECONDS
        assert float(bag.metadata["real_time_factor"]) > 0


def tell(clock, second):
    stamp = FACTORY.new("builtin_interfaces/msg/Time", sec=second)
    clock.publish(FACTORY.new(CLOCK.type, clock=stamp))


def test_a_simulator_is_noticed_and_nothing_from_before_is_lost(
    start_recorder, peer, wait, meet, tmp_path
):
    audio = publisher(peer, AUDIO)
    process = start_recorder()
    wait(lambda: audio.subscribers, "the recorder")
    meet("recorder")
    audio.send(chunk(0))
    clock = publisher(peer, CLOCK)
    wait(lambda: clock.subscribers, "the recorder to follow the clock")
    for second in range(40, 50):
        tell(clock, second)
        audio.send(chunk(second))
        time.sleep(0.05)
    assert process.end() == 0, process.output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata["sim"] == "true"
        assert bag.count(AUDIO) == 11
        assert 40 * NANOSECONDS <= bag.start <= bag.end <= 50 * NANOSECONDS


def test_without_a_simulator_everything_has_the_wall_time_of_its_arrival(
    start_recorder, peer, wait, meet, tmp_path
):
    audio = publisher(peer, AUDIO)
    process = start_recorder()
    wait(lambda: audio.subscribers, "the recorder")
    meet("recorder")
    before = time.time_ns()
    for index in range(60):
        audio.send(chunk(index))
        time.sleep(0.05)
    after = time.time_ns()
    assert process.end() == 0, process.output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata["sim"] == "false"
        times = bag.series(AUDIO)["time"]
    assert len(times) == 60
    assert before <= times[0]
    assert times[-1] <= after
    assert (np.diff(times) > 0).all()


def test_messages_of_a_simulation_without_a_clock_are_kept(start_recorder, peer, wait, tmp_path):
    audio = publisher(peer, AUDIO)
    process = start_recorder(use_sim_time=True)
    wait(lambda: audio.subscribers, "the recorder")
    audio.send(chunk(0))
    time.sleep(0.5)
    assert process.end() == 0, process.output
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(AUDIO) == 1


def test_silence_is_told_with_where_the_graph_may_be(start_recorder, domain, wait):
    process = start_recorder()
    question = f"nothing arrives: is the graph in ROS domain {domain} and namespace /?"
    wait(lambda: question in process.output, "the warning")


def test_silence_is_told_with_the_namespace_where_there_is_a_graph(start_recorder, peer, wait):
    endpoint = peer.create_publisher(JointStateMessage, "/left/joint_states", 1)
    process = start_recorder()
    wait(lambda: "there is a graph in /left: give its namespace" in process.output, "the warning")
    peer.destroy_publisher(endpoint)


def test_a_nearly_full_disk_stops_the_recorder_with_a_complete_bag(start_recorder, tmp_path):
    start_recorder(reserve_mb=1e12).refuses("make room")
    assert (tmp_path / "bag/metadata.yaml").exists()


@pytest.fixture
def episode(tmp_path):
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


def test_player_plays_all_but_commands_and_tells_the_time(start_node, peer, wait, episode):
    states, clocks, commands = [], [], []
    subscribe(peer, POUR_STATE, states.append)
    subscribe(peer, CLOCK, clocks.append)
    # Refusing to play while an arm listens is another test's matter: here only the guard does.
    subscribe(peer, GUARD_COMMAND, commands.append)
    player = start_node("multigen_core", "bag_player", bag=episode)
    wait(lambda: peer.count_publishers("pour_state"), "the player")
    for topic in (GUARD_COMMAND, ARM_COMMAND):
        assert peer.count_publishers(topic.name) == 0
    assert player.wait() == 0, player.output
    assert len(states) == 50
    assert not commands
    times = [message.clock.sec * NANOSECONDS + message.clock.nanosec for message in clocks]
    assert times == sorted(times)
    assert times[-1] == 7 * NANOSECONDS + 49 * 20_000_000


def test_a_paused_player_waits_and_goes_on(start_node, peer, wait, call, episode):
    states, clocks = [], []
    subscribe(peer, POUR_STATE, states.append)
    subscribe(peer, CLOCK, clocks.append)
    player = start_node("multigen_core", "bag_player", bag=episode, start_paused=True, delay=0)
    wait(lambda: len(clocks) > 50, "the clock to be told")
    assert {message.clock.sec for message in clocks} == {7}
    assert {message.clock.nanosec for message in clocks} == {0}
    assert not states
    assert call(SetBool, "simulator/pause", SetBool.Request(data=False)).success
    assert player.wait() == 0, player.output
    assert len(states) == 50


def test_player_shows_recorded_pictures_raw(start_node, peer, wait, tmp_path):
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, 32:] = 200
    with BagWriter(tmp_path / "episode", [IMAGE_COMPRESSED]) as bag:
        for index in range(5):
            stamp = index * 100_000_000
            bag.write(IMAGE_COMPRESSED, CameraFrame(stamp, rgb, "eye"), stamp)
    pictures = []
    subscribe(peer, IMAGE, pictures.append)
    player = start_node("multigen_core", "bag_player", bag=tmp_path / "episode")
    assert player.wait() == 0, player.output
    assert [picture.stamp for picture in pictures] == [i * 100_000_000 for i in range(5)]
    assert pictures[0].frame_id == "eye"
    assert np.abs(pictures[0].rgb.astype(int) - rgb).max() < 20


def test_player_refuses_while_an_arm_listens(start_node, peer, episode):
    subscribe(peer, ARM_COMMAND, lambda item: None)
    start_node("multigen_core", "bag_player", bag=episode).refuses("stop it before playing")


@pytest.mark.parametrize(("bag", "reason"), [("''", "set the bag"), ("/absent", "no such")])
def test_player_without_a_bag_says_so(start_node, bag, reason):
    start_node("multigen_core", "bag_player", bag=bag).refuses(reason)
