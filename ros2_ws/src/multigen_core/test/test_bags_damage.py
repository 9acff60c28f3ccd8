"""Bags that are damaged, or that hold what is not ROS 2's."""

from __future__ import annotations

import logging
import os
import shutil
from itertools import pairwise
from pathlib import Path

import lz4.frame
import mcap.writer
import numpy as np
import pytest
import yaml
import zstandard
from mcap.writer import CompressionType

from multigen_core import messages
from multigen_core.bags import FACTORY, BagError, BagReader, BagWriter, repair
from multigen_core.bags.typestore import typestore
from multigen_core.contract import AUDIO, AUDIO_INFO, IMAGE_COMPRESSED, POUR_STATE, STOPPED, Topic
from multigen_core.types import NANOSECONDS, AudioChunk, AudioInfo, PourState

COUNT = 200
KEY = "rosbag2_bagfile_information"


def pour_state(index: int) -> bytes:
    message = messages.encode(POUR_STATE.type, PourState(index, 1e-4, index * 1e-6, 0, 0), FACTORY)
    return bytes(typestore().serialize_cdr(message, POUR_STATE.type))


def write_states(folder: Path, name: str = "", **options: object) -> Path:
    """A bag of COUNT pour states beside a foreign channel with 3 messages, as `options` has it."""
    folder.mkdir()
    qos = options.pop("qos", "")
    encoding = options.pop("encoding", "cdr")
    schema = options.pop("schema", None)
    late = options.pop("late", 0)
    path = folder / f"{name or folder.name}.mcap"
    with path.open("wb") as file:
        writer = mcap.writer.Writer(file, **{"chunk_size": 4096, **options})
        writer.start(profile="ros2")
        definition, _ = typestore().generate_msgdef(POUR_STATE.type, ros_version=2)
        number = writer.register_schema(POUR_STATE.type, "ros2msg", definition.encode())
        states = writer.register_channel(
            "/pour_state", "cdr", number, {"offered_qos_profiles": qos}
        )
        if schema is not None:
            foreign = writer.register_schema(*schema) if schema else 0
            other = writer.register_channel("/foreign", encoding, foreign)
            for index in range(3):
                writer.add_message(other, index, b"\0\1\0\0{}{}", index)
        for index in range(COUNT):
            writer.add_message(states, index, pour_state(index), index)
        if late:
            writer.add_message(states, late, pour_state(0), late)
        writer.finish()
    return folder


def add_metadata(folder: Path, counts: dict[str, int], **changes: object) -> None:
    """The metadata.yaml that rosbag2 would write, but for `changes`."""
    types = {"/pour_state": POUR_STATE.type, "/foreign": "foreign/msg/Thing"}
    information = {
        "version": 9,
        "storage_identifier": "mcap",
        "relative_file_paths": sorted(path.name for path in folder.glob("*.mcap*")),
        "topics_with_message_count": [
            {
                "topic_metadata": {
                    "name": name,
                    "type": types[name],
                    "serialization_format": "cdr",
                    "offered_qos_profiles": [],
                },
                "message_count": count,
            }
            for name, count in counts.items()
        ],
        **changes,
    }
    (folder / "metadata.yaml").write_text(yaml.safe_dump({KEY: information}))


def states(path: Path) -> list[int]:
    with BagReader(path) as bag:
        return [state.stamp for state in bag.items(POUR_STATE)]


THING = "foreign/msg/Thing"
FOREIGN = {
    "json": ({"encoding": "json", "schema": (THING, "jsonschema", b"{}")}, "its messages are"),
    "protobuf": ({"encoding": "protobuf", "schema": (THING, "protobuf", b"\xff\xfe")}, "'protobuf"),
    "no schema": ({"schema": ()}, "no definition"),
    "an empty schema": ({"schema": (THING, "ros2msg", b"")}, "no definition"),
    "another schema": ({"schema": (THING, "flatbuffer", b"x")}, "'flatbuffer', neither"),
    "no definition": ({"schema": (THING, "ros2msg", b"}{ ???")}, "cannot be read"),
    "no text": ({"schema": (THING, "ros2msg", b"\xff\xfe\xfd")}, "utf-8"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_channel_that_is_not_ros_2s_is_named_and_costs_nothing_else(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    options, reason = FOREIGN[kind]
    bag = write_states(tmp_path / "bag", **options)
    result = repair(bag)
    assert result.messages == COUNT
    assert result.lost_bytes == 0
    (line,) = result.left_out
    assert line.startswith("/foreign (3 messages): ")
    assert reason in line
    assert states(bag) == list(range(COUNT))
    assert result.kept == ("bag.mcap.original",)
    caplog.clear()
    kind_name = options["schema"][0] if options["schema"] else ""
    original = tmp_path / "original"
    original.mkdir()
    os.rename(bag / "bag.mcap.original", original / "original.mcap")
    add_metadata(original, {"/pour_state": COUNT, "/foreign": 3})
    text = (original / "metadata.yaml").read_text()
    (original / "metadata.yaml").write_text(text.replace(THING, kind_name or "''"))
    assert states(original) == list(range(COUNT))
    assert "skips /foreign: " in caplog.text
    assert reason in caplog.text


@pytest.mark.parametrize("qos", ["[", "- {history: 3}", "- 5", "{", "- history: [1]\n  depth: x"])
def test_a_broken_qos_costs_the_qos_alone(
    tmp_path: Path, qos: str, caplog: pytest.LogCaptureFixture
) -> None:
    bag = write_states(tmp_path / "bag", qos=qos)
    result = repair(bag)
    assert (result.messages, result.left_out) == (COUNT, ())
    assert "leaves out the QoS of /pour_state" in caplog.text
    assert states(bag) == list(range(COUNT))


def test_qos_in_which_metadata_and_file_disagree_does_not_matter(tmp_path: Path) -> None:
    bag = write_states(tmp_path / "bag", qos="- history: 3")
    add_metadata(bag, {"/pour_state": COUNT})
    assert states(bag) == list(range(COUNT))


@pytest.mark.parametrize("counts", [{"/pour_state": COUNT - 1}, {}, {"/pour_state": 0}])
def test_counts_in_which_metadata_and_file_disagree_are_an_error_that_repair_mends(
    tmp_path: Path, counts: dict[str, int]
) -> None:
    bag = write_states(tmp_path / "bag")
    add_metadata(bag, counts)
    with pytest.raises(BagError, match=r"counts \d+ messages of /pour_state .* repair-bag"):
        BagReader(bag)
    assert repair(bag).messages == COUNT
    assert states(bag) == list(range(COUNT))


def test_notes_in_which_metadata_and_file_disagree_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with BagWriter(tmp_path / "bag", [STOPPED], {"scene": "bar"}) as bag:
        bag.write(STOPPED, True, 1)
    metadata = tmp_path / "bag/metadata.yaml"
    text = metadata.read_text()
    metadata.write_text(text.replace("scene: bar", "scene: far"))
    with BagReader(tmp_path / "bag") as bag:
        assert bag.metadata["scene"] == "far"
    assert "says scene 'far', its files 'bar'" in caplog.text
    metadata.write_text(text.replace("scene: bar", "scone: bar"))
    BagReader(tmp_path / "bag").close()
    assert "says scene None, its files 'bar'" in caplog.text


def test_a_missing_part_is_named_by_readers_and_by_repair(tmp_path: Path) -> None:
    bag = write_states(tmp_path / "bag", "bag_0")
    names = ["bag_0.mcap", "bag_1.mcap"]
    add_metadata(bag, {"/pour_state": 2 * COUNT}, relative_file_paths=names)
    with pytest.raises(BagError, match=r"lacks bag_1\.mcap.*repair-bag"):
        BagReader(bag)
    result = repair(bag)
    assert (result.messages, result.missing) == (COUNT, ("bag_1.mcap",))
    cut = tmp_path / "cut"
    shutil.copytree(bag, cut)
    (cut / "metadata.yaml").unlink()
    os.rename(cut / "bag.mcap", cut / "cut_2.mcap")
    assert repair(cut).missing == ("cut_0.mcap", "cut_1.mcap")


def test_parts_are_read_as_one(tmp_path: Path) -> None:
    bag = write_states(tmp_path / "bag", "bag_0")
    other = write_states(tmp_path / "other", "bag_1")
    os.rename(other / "bag_1.mcap", bag / "bag_1.mcap")
    add_metadata(bag, {"/pour_state": 2 * COUNT})
    assert states(bag) == sorted([*range(COUNT), *range(COUNT)])


@pytest.mark.parametrize("suffix", [".mcap", ".mcap.zstd", ".mcap.lz4"])
def test_a_file_that_stands_alone_is_a_bag(tmp_path: Path, suffix: str) -> None:
    data = (write_states(tmp_path / "bag") / "bag.mcap").read_bytes()
    file = tmp_path / f"alone{suffix}"
    pack = {"zstd": zstandard.compress, "lz4": lz4.frame.compress}.get(suffix[6:], bytes)
    file.write_bytes(pack(data))
    assert states(file) == list(range(COUNT))
    assert repair(file).was_whole
    file.write_bytes(pack(data[: len(data) // 2]))
    with pytest.raises(BagError, match=rf"repair-bag {file}"):
        BagReader(file)
    result = repair(file)
    assert result.path == tmp_path / "alone"
    assert 0 < result.messages < COUNT
    assert states(tmp_path / "alone") == list(range(result.messages))
    assert file.read_bytes() == pack(data[: len(data) // 2])
    with pytest.raises(BagError, match="which exists"):
        repair(file)


def test_packed_parts_are_read(tmp_path: Path) -> None:
    bag = write_states(tmp_path / "bag")
    data = (bag / "bag.mcap").read_bytes()
    (bag / "bag.mcap").unlink()
    (bag / "bag.mcap.zstd").write_bytes(zstandard.compress(data))
    add_metadata(bag, {"/pour_state": COUNT}, compression_mode="FILE", compression_format="zstd")
    assert states(bag) == list(range(COUNT))


def test_packed_messages_are_read(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", [POUR_STATE]) as bag:
        for index in range(COUNT):
            bag.write_raw(POUR_STATE, zstandard.compress(pour_state(index)), index)
    assert states(tmp_path / "bag") == list(range(COUNT))


@pytest.mark.parametrize(
    "options",
    [
        {"use_chunking": False},
        {"index_types": mcap.writer.IndexType.NONE},
        {"use_statistics": False},
        {"repeat_channels": False, "repeat_schemas": False},
        {"compression": CompressionType.LZ4},
        {"enable_crcs": False},
    ],
    ids=str,
)
def test_a_file_may_lack_every_part_of_its_index(tmp_path: Path, options: dict) -> None:
    bag = write_states(tmp_path / "bag", **options)
    assert states(bag / "bag.mcap") == list(range(COUNT))


def damaged(tmp_path: Path, at: int, byte: int | None = None, **options: object) -> Path:
    """A file of a bag of which one byte is another."""
    file = write_states(tmp_path / "bag", **options) / "bag.mcap"
    data = bytearray(file.read_bytes())
    data[at] = data[at] ^ 0x10 if byte is None else byte
    file.write_bytes(data)
    return file


def test_a_flipped_bit_in_a_message_is_found_and_costs_its_chunk_alone(tmp_path: Path) -> None:
    middle = (write_states(tmp_path / "measured", compression=CompressionType.NONE)).joinpath(
        "measured.mcap"
    )
    at = middle.read_bytes().index(pour_state(COUNT // 2)) + 10
    file = damaged(tmp_path, at, compression=CompressionType.NONE)
    with pytest.raises(BagError, match=r"checksum does not fit; run: multigen repair-bag"):
        states(file)
    kept = states(repair(file).path)
    assert COUNT // 2 not in kept
    assert kept == sorted(kept)
    assert len(kept) > 0.7 * COUNT


def test_a_flipped_bit_in_the_index_is_found(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="index whose checksum does not fit"):
        states(damaged(tmp_path, -100))


def test_a_flipped_bit_between_the_chunks_is_found_where_the_data_have_a_checksum(
    tmp_path: Path,
) -> None:
    with pytest.raises(BagError, match="data whose checksum does not fit"):
        states(damaged(tmp_path, 20, enable_data_crcs=True))


@pytest.mark.parametrize("compression", [CompressionType.NONE, CompressionType.ZSTD])
def test_repair_reads_on_after_a_record_that_claims_to_be_enormous(
    tmp_path: Path, compression: CompressionType
) -> None:
    file = write_states(tmp_path / "bag", compression=compression) / "bag.mcap"
    data = bytearray(file.read_bytes())
    chunks = [at for at in range(len(data)) if data[at : at + 1] == b"\6" and data[at + 5] == 0]
    second = next(at for at in chunks[1:] if data[at + 9 : at + 17] != data[chunks[0] + 9 :][:8])
    data[second + 7] = 0x7F
    file.write_bytes(data)
    assert len(states(repair(file).path)) > 0.5 * COUNT


def test_a_chunk_that_claims_to_be_enormous_is_an_error(tmp_path: Path) -> None:
    """The size is in the chunk, where no checksum covers it."""
    file = write_states(tmp_path / "bag") / "bag.mcap"
    data = bytearray(file.read_bytes())
    at = data.index(b"\6" + data[data.index(b"zstd") - 40 : data.index(b"zstd")][:8])
    data[at + 9 + 16 + 5] = 0xFF
    file.write_bytes(data)
    with pytest.raises(BagError, match="repair-bag"):
        states(file)


def test_a_message_after_2262_is_an_error_and_repair_leaves_it_out(tmp_path: Path) -> None:
    bag = write_states(tmp_path / "bag", late=2**64 - 1)
    with pytest.raises(BagError, match="after the year 2262; run: multigen repair-bag"):
        states(bag / "bag.mcap")
    assert repair(bag).messages == COUNT
    assert states(bag) == list(range(COUNT))


def write_audio(path: Path, info: AudioInfo | None, data: list[bytes], rate: int) -> None:
    with BagWriter(path, [AUDIO, AUDIO_INFO]) as bag:
        stamp = NANOSECONDS
        for index, samples in enumerate(data):
            message = messages.encode(
                AUDIO.type, AudioChunk(stamp, np.zeros(1, np.float32), rate), FACTORY
            )
            message.audio.data = np.frombuffer(samples, np.uint8)
            bag.write(AUDIO, message, stamp)
            channels = info.channels if info else 1
            stamp += len(samples) // 2 // channels * NANOSECONDS // rate
            if info and index == 1:
                bag.write(AUDIO_INFO, info, stamp)


def test_sound_of_44100_hz_in_stereo_is_read_as_the_contracts(tmp_path: Path) -> None:
    time = np.arange(2 * 44_100) / 44_100
    left = np.sin(2 * np.pi * 440 * time)
    stereo = np.rint(32767 * np.stack([left, 0 * left], 1)).astype("<i2")
    parts = [stereo[at : at + 882].tobytes() for at in range(0, len(stereo), 882)]
    write_audio(tmp_path / "bag", AudioInfo(0, 2, 44_100), parts, 44_100)
    with BagReader(tmp_path / "bag") as bag:
        chunks = bag.items(AUDIO)
    assert {chunk.sample_rate for chunk in chunks} == {16_000}
    assert all(b.stamp == a.end for a, b in pairwise(chunks))
    assert chunks[0].stamp == NANOSECONDS
    sound = np.concatenate([chunk.samples for chunk in chunks])
    assert len(sound) == 32_000
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    assert np.abs(sound - expected)[200:-200].max() < 1e-3


def test_a_break_in_such_sound_stays_where_it_was(tmp_path: Path) -> None:
    write_audio(tmp_path / "bag", AudioInfo(0, 1, 8_000), [b"\0\1" * 160] * 50, 4_000)
    with BagReader(tmp_path / "bag") as bag:
        chunks = bag.items(AUDIO)
    stamps = [chunk.stamp for chunk in chunks]
    assert np.diff(stamps) == pytest.approx(40_000_000)
    assert {len(chunk.samples) for chunk in chunks} == {320}


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (AudioInfo(0, sample_format="F32LE"), "sample_format 'F32LE' instead of 'S16LE'"),
        (AudioInfo(0, coding_format="mp3"), "coding_format 'mp3' instead of 'wave'"),
        (AudioInfo(0, channels=0), "0 channels"),
        (AudioInfo(0, sample_rate=3), "at 3 Hz"),
    ],
)
def test_sound_that_cannot_be_converted_is_refused_by_name(
    tmp_path: Path, info: AudioInfo, reason: str
) -> None:
    write_audio(tmp_path / "bag", AudioInfo(0, 1), [b"\0\0" * 320] * 3, 16_000)
    shutil.rmtree(tmp_path / "bag")
    with BagWriter(tmp_path / "bag", [AUDIO, AUDIO_INFO]) as bag:
        bag.write(AUDIO, AudioChunk(0, np.zeros(320, np.float32), 16_000), 0)
        bag.write(AUDIO_INFO, info, 1)
    with BagReader(tmp_path / "bag") as bag, pytest.raises(BagError, match=reason):
        bag.items(AUDIO)


def test_sound_that_changes_its_format_is_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", [AUDIO, AUDIO_INFO]) as bag:
        bag.write(AUDIO, AudioChunk(0, np.zeros(320, np.float32), 16_000), 0)
        bag.write(AUDIO_INFO, AudioInfo(0), 1)
        bag.write(AUDIO_INFO, AudioInfo(0, 2), 2)
    with BagReader(tmp_path / "bag") as bag, pytest.raises(BagError, match="changes its format"):
        bag.items(AUDIO)


BAD: list[tuple[Topic, dict[str, object], str]] = [
    (AUDIO, {"audio": b""}, "audio of 0 bytes"),
    (AUDIO, {"audio": b"\0\0\0"}, "audio of 3 bytes"),
    (IMAGE_COMPRESSED, {"data": b""}, "compressed image of 0 bytes"),
    (IMAGE_COMPRESSED, {"data": b"\xff\xd8\xff\xd9"}, "compressed image of 4 bytes"),
]


@pytest.mark.parametrize(("topic", "fields", "reason"), BAD, ids=lambda v: getattr(v, "name", ""))
def test_a_message_of_nothing_is_skipped_with_its_topic_time_and_reason(
    tmp_path: Path, topic: Topic, fields: dict, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = fields.get("audio", fields.get("data"))
    octets = np.frombuffer(data, np.uint8)
    message = FACTORY.new(topic.type, **({} if topic is AUDIO else {"data": octets}))
    if topic is AUDIO:
        message.audio.data = octets
    with BagWriter(tmp_path / "bag", [topic, STOPPED]) as bag:
        bag.write(STOPPED, True, NANOSECONDS)
        for moment in (2, 3):
            bag.write(topic, message, moment * NANOSECONDS)
    with BagReader(tmp_path / "bag") as bag:
        assert bag.items(topic) == []
    (line,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert f"skips 2 messages of {topic.name}; the first, 1.000 s after" in line
    assert reason in line
    assert repair(tmp_path / "bag").was_whole


def test_bytes_that_are_no_message_are_skipped_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with BagWriter(tmp_path / "bag", [POUR_STATE]) as bag:
        bag.write_raw(POUR_STATE, b"\0\1\0\0\1\2\3", 1)
        bag.write_raw(POUR_STATE, pour_state(2), 2)
    assert states(tmp_path / "bag") == [2]
    assert "skips 1 messages of pour_state; the first, 0.000 s" in caplog.text
