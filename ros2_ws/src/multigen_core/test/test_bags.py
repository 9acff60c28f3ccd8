from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosbags.interfaces import QosDurability
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from multigen_core import contract, messages
from multigen_core.arm.trajectory import hold
from multigen_core.bags import (
    FACTORY,
    BackgroundWriter,
    BagError,
    BagReader,
    BagWriter,
    MissingTopicError,
    Playback,
    provenance,
    repair,
    type_hash,
)
from multigen_core.bags.records import Message
from multigen_core.bags.scan import McapScan
from multigen_core.bags.typestore import typestore
from multigen_core.config.yaml_file import share_directory
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    GOAL,
    GUARD_COMMAND,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    STOPPED,
    TOPICS,
)
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    CameraFrame,
    JointState,
    LiquidState,
    Outcome,
    PourProgress,
    PourState,
)

RECORDED = tuple(topic for topic in TOPICS if topic.recorded)
START = 5 * NANOSECONDS


def write_episode(path: Path, seconds: float = 2.0, namespace: str = "/") -> list[int]:
    """Audio of 50 Hz and pour states of 10 Hz; returns the stamps of the pour states."""
    stamps = []
    with BagWriter(path, RECORDED, {"scene": "bar", "seed": 7}, namespace) as bag:
        for index in range(round(seconds * 50)):
            stamp = START + index * 20_000_000
            samples = np.full(320, index / 1000, np.float32)
            bag.write(AUDIO, AudioChunk(stamp, samples, 16_000), stamp)
            if index % 5 == 0:
                bag.write(POUR_STATE, PourState(stamp, 2e-4, index * 1e-6, 0.0, np.nan), stamp)
                stamps.append(stamp)
            if index % 25 == 0:
                bag.flush()
    return stamps


def cut_off(bag: Path, size: int) -> None:
    """Leave a bag as a kill would, with the first `size` bytes of its data."""
    (bag / "metadata.yaml").unlink()
    (bag / "recording.json").write_text(json.dumps({"scene": "bar"}))
    os.truncate(bag / f"{bag.name}.mcap", size)


@pytest.mark.parametrize("name", sorted({topic.type for topic in TOPICS}))
def test_type_hash_equals_that_of_live_endpoints(name: str) -> None:
    package, kind, cls = name.split("/")
    description = json.loads((share_directory(package) / kind / f"{cls}.json").read_text())
    live = {entry["type_name"]: entry["hash_string"] for entry in description["type_hashes"]}
    assert type_hash(name) == live[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AudioData", "a9742fba1567e649bbdba6ae034a72c7ef129b97c7a4da50fd2f3e1bfd8ffa86"),
        ("AudioDataStamped", "6fc679d5a868ed68e4d301f1ef42abecc86140afb57d255656ff2d9e476ea9e3"),
        ("AudioInfo", "b3494d204e513d2cceefae1888e5be3da7c8c8ca31eb277f7b5b62f364bcb1fb"),
    ],
)
def test_audio_messages_are_those_of_ros_drivers_audio_common(name: str, expected: str) -> None:
    assert type_hash(f"audio_common_msgs/msg/{name}") == f"RIHS01_{expected}"


ITEMS = [
    (AUDIO, AudioChunk(9, np.array([0.5, -1.0], np.float32), 16_000, "microphone_link")),
    (JOINT_STATES, JointState(9, ("a", "b"), np.array([1.0, 2.0]), np.array([0.0, 0.5]))),
    (POUR_STATE, PourState(9, 1e-4, 2e-4, 3e-5, 0.2)),
    (LIQUID_STATE, LiquidState(9, "beaker", "mug", "water", resonance_frequency=812.5)),
    (GOAL, PourProgress(9, "pour", 1e-4, outcome=Outcome.TIMEOUT, reason="late")),
    (ARM_COMMAND, hold(("a", "b"), np.array([1.0, 2.0]))),
    (STOPPED, True),
]


@pytest.mark.parametrize(("topic", "item"), ITEMS, ids=lambda value: getattr(value, "name", ""))
def test_core_items_survive_a_bag(tmp_path: Path, topic: contract.Topic, item: object) -> None:
    with BagWriter(tmp_path / "bag", [topic]) as bag:
        bag.write(topic, item, 10)
    with BagReader(tmp_path / "bag") as bag:
        (record,) = bag.records()
    assert (record.topic, record.type, record.time) == (topic, topic.type, 10)
    again = messages.encode(topic.type, record.item, FACTORY)
    first = messages.encode(topic.type, item, FACTORY)
    store = typestore()
    assert bytes(store.serialize_cdr(again, topic.type)) == bytes(
        store.serialize_cdr(first, topic.type)
    )


def test_pictures_survive_a_bag_but_for_jpeg(tmp_path: Path) -> None:
    rgb = np.tile(np.arange(0, 240, 5, dtype=np.uint8)[:, None, None], (1, 64, 3))
    rgb[..., 2] //= 2
    with BagWriter(tmp_path / "bag", [IMAGE_COMPRESSED]) as bag:
        bag.write(IMAGE_COMPRESSED, CameraFrame(9, rgb, "camera"), 9)
    with BagReader(tmp_path / "bag") as bag:
        (frame,) = bag.items(IMAGE_COMPRESSED)
    assert np.abs(frame.rgb.astype(int) - rgb).mean() < 2.0


def test_factory_fills_fields_left_out_and_refuses_unknown_ones() -> None:
    message = FACTORY.new("sensor_msgs/msg/CameraInfo", width=3, k=list(range(9)))
    assert message.height == 0
    assert message.k.dtype == np.float64
    assert message.p.shape == (12,)
    assert message.roi.do_rectify is False
    with pytest.raises(TypeError, match="depth"):
        FACTORY.new("sensor_msgs/msg/CameraInfo", depth=3)


def test_metadata_qos_and_counts_are_recorded(tmp_path: Path) -> None:
    stamps = write_episode(tmp_path / "bag")
    assert not (tmp_path / "bag/recording.json").exists()
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata == {"scene": "bar", "seed": "7"}
        assert bag.count(POUR_STATE) == len(stamps)
        assert bag.start == START
    with Reader(tmp_path / "bag") as bag:
        qos = {c.topic: c.ext.offered_qos_profiles[0] for c in bag.connections}
    assert qos["/pour/goal"].durability == QosDurability.TRANSIENT_LOCAL
    assert qos["/audio/audio_stamped"].depth == 50


def test_series_are_arrays_over_time(tmp_path: Path) -> None:
    stamps = write_episode(tmp_path / "bag")
    with BagReader(tmp_path / "bag") as bag:
        series = bag.series(POUR_STATE)
        assert len(bag.series(JOINT_STATES)["time"]) == 0
    np.testing.assert_array_equal(series["stamp"], stamps)
    np.testing.assert_allclose(series["poured_volume"], np.arange(len(stamps)) * 5e-6)


def test_topics_are_found_under_a_namespace(tmp_path: Path) -> None:
    write_episode(tmp_path / "bag", namespace="/robot1")
    with Reader(tmp_path / "bag") as bag:
        assert "/robot1/pour_state" in bag.topics
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(POUR_STATE) == 20
    with BagReader(tmp_path / "bag", "/robot2") as bag:
        assert bag.count(POUR_STATE) == 0


def test_an_existing_bag_is_never_overwritten(tmp_path: Path) -> None:
    write_episode(tmp_path / "bag")
    before = (tmp_path / "bag/bag.mcap").read_bytes()
    with pytest.raises(BagError, match="already exists"):
        BagWriter(tmp_path / "bag", RECORDED)
    assert (tmp_path / "bag/bag.mcap").read_bytes() == before


def test_bags_made_beside_each_other_at_the_same_moment_get_names_of_their_own(
    tmp_path: Path,
) -> None:
    both = Barrier(8)

    def make(_: int) -> BagWriter:
        both.wait()
        return BagWriter.beside(tmp_path / "bag", RECORDED)

    with ThreadPoolExecutor(8) as pool:
        bags = list(pool.map(make, range(8)))
    for bag in bags:
        bag.close()
    names = {"bag", *(f"bag_{number}" for number in range(2, 9))}
    assert {bag.path.name for bag in bags} == names
    assert {path.name for path in tmp_path.iterdir()} == names


def test_what_is_known_only_later_survives_a_kill(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "bag", RECORDED, {"scene": "bar"})
    bag.annotate("sim", "true")
    bag.write(POUR_STATE, PourState(7, 0.0, 0.0, 0.0, 0.0), 7)
    bag.flush()
    repair(tmp_path / "bag")
    with BagReader(tmp_path / "bag") as repaired:
        assert (repaired.metadata["scene"], repaired.metadata["sim"]) == ("bar", "true")


def test_a_failed_episode_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), BagWriter(tmp_path / "bag", RECORDED):
        raise ZeroDivisionError
    assert not (tmp_path / "bag").exists()


def test_missing_topics_are_named_with_those_present(tmp_path: Path) -> None:
    write_episode(tmp_path / "bag")
    with (
        BagReader(tmp_path / "bag") as bag,
        pytest.raises(MissingTopicError, match=r"no pour/goal; it holds audio/.*pour_state"),
    ):
        bag.require(POUR_STATE, GOAL)


def test_what_is_no_bag_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for path, reason in (
        ("absent", "no such"),
        ("file", "neither a bag's directory nor its file"),
        ("empty", "not a bag"),
    ):
        with pytest.raises(BagError, match=reason) as error:
            BagReader(tmp_path / path)
        assert "\n" not in str(error.value)


def test_a_bag_cut_off_says_how_to_repair_it(tmp_path: Path) -> None:
    write_episode(tmp_path / "bag")
    shutil.copytree(tmp_path / "bag", tmp_path / "copied")
    cut_off(tmp_path / "bag", 20_000)
    with pytest.raises(BagError, match="run: multigen repair-bag"):
        BagReader(tmp_path / "bag")
    os.truncate(tmp_path / "copied/bag.mcap", 20_000)
    with pytest.raises(BagError, match="run: multigen repair-bag"):
        BagReader(tmp_path / "copied")


def test_another_definition_of_a_type_is_refused(tmp_path: Path) -> None:
    name = POUR_STATE.type
    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg("float64 poured_volume", name))
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/pour_state", name, typestore=store)
        writer.write(connection, 1, store.serialize_cdr(store.types[name](1.0), name))
    with BagReader(tmp_path / "bag") as bag, pytest.raises(BagError, match="another definition"):
        list(bag.records(POUR_STATE))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "bag"
    write_episode(path)
    return path


def chunk_ends(file: Path) -> list[tuple[int, int]]:
    """(byte offset of a chunk's end, messages up to there), from the records themselves."""
    data, at, count, ends = file.read_bytes(), 8, 0, []
    while at < len(data) - 8:
        opcode, length = data[at], int.from_bytes(data[at + 1 : at + 9], "little")
        if opcode == 0x06:
            inner, stop = at + 9 + 40, at + 9 + length
            while inner < stop:
                count += data[inner] == 0x05
                inner += 9 + int.from_bytes(data[inner + 1 : inner + 9], "little")
            ends.append((stop, count))
        at += 9 + length
    return ends


def readable(file: Path) -> int:
    """Whole messages before the cut."""
    return sum(isinstance(found, Message) for found in McapScan(file))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0.0, 1.0))
def test_repair_recovers_every_whole_message_before_a_cut(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    bag = tmp_path_factory.mktemp("cut") / "bag"
    shutil.copytree(whole, bag)
    ends = chunk_ends(bag / "bag.mcap")
    assert len(ends) >= 4
    assert ends[-1][1] == 120
    size = round(share * (bag / "bag.mcap").stat().st_size)
    complete = max((count for end, count in ends if end <= size), default=0)
    cut_off(bag, size)
    if not readable(bag / "bag.mcap"):
        assert complete == 0
        with pytest.raises(BagError, match="nothing to recover"):
            repair(bag)
        assert (bag / "bag.mcap").stat().st_size == size
        return
    result = repair(bag)
    assert complete <= result.messages <= 120
    with BagReader(whole) as expected, BagReader(bag) as repaired:
        assert repaired.metadata == {"scene": "bar"}
        recovered = list(repaired.raw())
        assert recovered == list(expected.raw())[: result.messages]
        assert len(recovered) == result.messages
        assert {c.topic: c.digest for c in repaired.connections}.items() <= {
            c.topic: c.digest for c in expected.connections
        }.items()
    assert sorted(p.name for p in bag.iterdir()) == ["bag.mcap", "metadata.yaml"]
    assert [p.name for p in bag.parent.iterdir()] == ["bag"]
    before = (bag / "bag.mcap").read_bytes()
    assert repair(bag).was_whole
    assert (bag / "bag.mcap").read_bytes() == before


def test_repair_keeps_what_stands_before_a_lost_disk_block(whole: Path, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(whole, bag)
    data = (bag / "bag.mcap").read_bytes()
    end, count = chunk_ends(bag / "bag.mcap")[1]
    cut_off(bag, 0)
    (bag / "bag.mcap").write_bytes(data[:end] + bytes(len(data) - end))
    result = repair(bag)
    assert result.messages == count
    assert result.lost_bytes == len(data) - end


def test_repair_of_what_is_no_bag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in ("absent", "empty"):
        with pytest.raises(BagError):
            repair(tmp_path / path)


FILL_DISK = """
import resource, sys
from pathlib import Path
from threading import Barrier
from multigen_core.bags import BagError, BagWriter
from multigen_core.contract import IMAGE_COMPRESSED
bag = BagWriter(Path(sys.argv[1]), [IMAGE_COMPRESSED], {"scene": "bar"})
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
picture = bytes.fromhex("00010000") + bytes(100_000)
try:
    for index in range(100):
        bag.write_raw(IMAGE_COMPRESSED, picture, index + 1)
    bag.close()
except BagError as error:
    print(error)
    sys.exit(3)
"""


def test_a_full_disk_is_reported_and_what_was_written_is_kept(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL_DISK, str(tmp_path / "bag")], capture_output=True, text=True
    )
    assert done.returncode == 3, done.stderr
    assert "multigen repair-bag" in done.stdout
    assert repair(tmp_path / "bag").messages >= 20


def test_background_writer_writes_all_in_order(tmp_path: Path) -> None:
    writer = BackgroundWriter(BagWriter(tmp_path / "bag", RECORDED), reserve=0)
    data = bytes.fromhex("0001000001")
    for index in range(5000):
        writer.put(STOPPED, data, index)
    writer.close()
    assert writer.dropped == 0
    with BagReader(tmp_path / "bag") as bag:
        assert [time for _, time, _ in bag.raw(STOPPED)] == list(range(5000))


def test_background_writer_stops_with_a_complete_bag_before_the_disk_is_full(
    tmp_path: Path,
) -> None:
    writer = BackgroundWriter(BagWriter(tmp_path / "bag", RECORDED), reserve=2**62)
    writer.put(STOPPED, bytes.fromhex("0001000001"), 1)
    writer._thread.join(10)
    with pytest.raises(BagError, match="stopped and complete"):
        writer.close()
    writer.put(STOPPED, b"", 2)
    assert writer.dropped == 1
    with BagReader(tmp_path / "bag") as bag:
        assert bag.count(STOPPED) == 1


def test_playback_gives_everything_once_but_commands(tmp_path: Path) -> None:
    command = hold(("a",), np.zeros(1))
    with BagWriter(tmp_path / "bag", RECORDED) as bag:
        for index in range(10):
            bag.write(STOPPED, index % 2 == 0, index * 100_000_000)
            bag.write(ARM_COMMAND, command, index * 100_000_000)
            bag.write(GUARD_COMMAND, command, index * 100_000_000)
    with BagReader(tmp_path / "bag") as bag:
        playback = Playback(bag, rate=2.0, loop=False)
        assert playback.topics == (STOPPED,)
        assert len(list(playback.due(0.1))) == 3
        assert playback.now == 200_000_000
        assert len(list(playback.due(0.9))) == 7
        assert playback.finished
        assert playback.now == 900_000_000
        looped = Playback(bag, rate=1.0, loop=True)
        assert len(list(looped.due(1.0))) == 10
        assert not looped.finished
        assert len(list(looped.due(1.25))) == 3


def test_playback_does_not_wait_while_the_clock_was_set(tmp_path: Path) -> None:
    later = 86_400 * NANOSECONDS
    with BagWriter(tmp_path / "bag", RECORDED) as bag:
        for stamp in (1, 2, later, later + NANOSECONDS):
            bag.write(STOPPED, True, stamp)
    with BagReader(tmp_path / "bag") as bag:
        playback = Playback(bag, rate=1.0, loop=False)
        assert len(list(playback.due(0.1))) == 2
        assert len(list(playback.due(0.2))) == 1
        assert playback.now == later
        assert not list(playback.due(1.0))
        assert len(list(playback.due(1.3))) == 1
        assert playback.finished


def test_playback_of_commands_alone_is_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", RECORDED) as bag:
        bag.write(ARM_COMMAND, hold(("a",), np.zeros(1)), 1)
    with BagReader(tmp_path / "bag") as bag, pytest.raises(BagError, match="may be played"):
        Playback(bag, 1.0, False)


def test_provenance_names_versions() -> None:
    values = provenance()
    assert values["contract_version"] == str(contract.CONTRACT_VERSION)
    assert all(isinstance(value, str) for value in values.values())
