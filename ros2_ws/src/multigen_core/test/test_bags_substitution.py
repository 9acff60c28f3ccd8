import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from multigen_core.bags import BagError, BagReader, BagWriter, substitute
from multigen_core.contract import AUDIO, POUR_STATE
from multigen_core.types import AudioChunk, PourState

RATE = 16_000


def chunk(stamp: int, level: float) -> AudioChunk:
    return AudioChunk(stamp, np.full(320, level, np.float32), RATE)


@pytest.fixture
def bag(tmp_path):
    path = tmp_path / "old"
    with BagWriter(path, (AUDIO, POUR_STATE), {"scene": "bar", "seed": 1}) as writer:
        for index in range(1, 50):
            stamp = index * 20_000_000
            writer.write(AUDIO, chunk(stamp, 0.5), stamp)
            writer.write(POUR_STATE, PourState(stamp, 1.0, index, 0.0, 0.0), stamp)
    return path


def test_a_replaced_topic_holds_only_what_is_new(bag, tmp_path) -> None:
    entries = [(AUDIO, chunk(index * 30_000_000, 0.1), index * 30_000_000) for index in range(1, 9)]
    with BagReader(bag) as old:
        substitute(old, tmp_path / "new", (AUDIO,), entries, {"seed": 2, "more": "x"})
    with BagReader(bag) as old, BagReader(tmp_path / "new") as new:
        assert new.count(AUDIO) == 8
        assert new.items(AUDIO)[0].samples == pytest.approx(0.1, abs=1e-4)
        assert old.count(AUDIO) == 49
        assert [r.item for r in new.records(POUR_STATE)] == [
            r.item for r in old.records(POUR_STATE)
        ]
        assert new.metadata == {"scene": "bar", "seed": "2", "more": "x"}
        times = [time for _, time, _ in new.raw()]
        assert times == sorted(times)


def test_topics_outside_the_contract_are_kept(tmp_path) -> None:
    store = get_typestore(Stores.ROS2_JAZZY)
    kind = "std_msgs/msg/String"
    text = store.types[kind](data="hello")
    with Writer(tmp_path / "old", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/chatter", kind, typestore=store)
        writer.write(connection, 5, store.serialize_cdr(text, kind))
    with BagReader(tmp_path / "old") as old:
        substitute(old, tmp_path / "new", (AUDIO,), [(AUDIO, chunk(0, 0.1), 7)], {})
    with BagReader(tmp_path / "new") as new:
        found = {c.topic: (c.type, data) for c, _, data in new.everything()}
        assert set(found) == {"/chatter", "/audio/audio_stamped"}
        assert store.deserialize_cdr(found["/chatter"][1], kind).data == "hello"


def test_a_failure_leaves_nothing(bag, tmp_path) -> None:
    def broken():
        yield AUDIO, chunk(20_000_000, 0.1), 20_000_000
        raise BagError("no more")

    with BagReader(bag) as old, pytest.raises(BagError, match="no more"):
        substitute(old, tmp_path / "new", (AUDIO,), broken(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_place_that_cannot_be_written_is_named(bag, tmp_path) -> None:
    (tmp_path / "file").touch()
    for target, reason in (("old", "already exists"), ("file/new", "cannot be written")):
        with BagReader(bag) as old, pytest.raises(BagError, match=reason):
            substitute(old, tmp_path / target, (AUDIO,), [], {})
