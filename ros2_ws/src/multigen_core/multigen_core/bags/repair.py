"""Making a whole bag of a recording that was cut off."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from rosbags.interfaces import Connection
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.metadata import parse_qos
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

from multigen_core.bags.errors import BagError
from multigen_core.bags.mcap import Channel, McapScan, Message, Schema
from multigen_core.bags.reader import BagReader
from multigen_core.bags.writer import JOURNAL


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a bag: messages it now holds and bytes that were beyond saving."""

    messages: int
    lost_bytes: int
    was_whole: bool


def repair(path: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Repair:
    """Rewrite a bag with every message that can be read; one that is whole is left alone.

    The original files are replaced only when the new ones are complete. `progress` is told bytes
    done and in total.

    Raises:
        BagError: not an MCAP bag, nothing in it can be read, or the disk is full.
    """
    path = Path(os.path.normpath(path))
    if not path.is_dir():
        raise BagError(f"bag {path}: no such directory")
    files = sorted(path.glob("*.mcap"))
    if not files:
        if any(path.glob("*.db3")):
            raise BagError(f"bag {path}: is an SQLite bag; run: ros2 bag reindex {path}")
        raise BagError(f"bag {path}: not a bag (no .mcap file)")
    if (count := _whole(path)) is not None:
        return Repair(count, 0, True)
    metadata = _metadata(path)
    try:
        parent = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        try:
            new, result = _rewrite(files, parent / path.name, metadata, progress)
            if not result.messages:
                raise BagError(f"bag {path}: nothing to recover: it holds no whole message")
            # metadata.yaml comes last: until then the bag counts as cut off and is repaired again.
            (path / "metadata.yaml").unlink(missing_ok=True)
            os.replace(new / f"{path.name}.mcap", path / f"{path.name}.mcap")
            for file in files:
                if file.name != f"{path.name}.mcap":
                    file.unlink()
            os.replace(new / "metadata.yaml", path / "metadata.yaml")
            (path / JOURNAL).unlink(missing_ok=True)
        finally:
            shutil.rmtree(parent, ignore_errors=True)
    except OSError as error:
        raise BagError(
            f"bag {path}: cannot be repaired: {error.strerror or error}; the original is untouched"
        ) from error
    return result


def _whole(path: Path) -> int | None:
    """How many messages a bag holds whose every message can be read, None for any other."""
    try:
        with BagReader(path) as bag:
            expected = sum(connection.msgcount for connection in bag.connections)
            return expected if sum(1 for _ in bag.everything()) == expected else None
    except BagError:
        return None


def _metadata(path: Path) -> dict[str, str]:
    """The custom metadata, from wherever the recording left it."""
    try:
        return dict(json.loads((path / JOURNAL).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        pass
    try:
        text = (path / "metadata.yaml").read_text(encoding="utf-8")
        return dict(yaml.safe_load(text)["rosbag2_bagfile_information"]["custom_data"] or {})
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return {}


def _rewrite(
    files: list[Path],
    target: Path,
    metadata: Mapping[str, str],
    progress: Callable[[int, int], None],
) -> tuple[Path, Repair]:
    total = sum(file.stat().st_size for file in files)
    done = count = lost = 0
    connections: dict[str, Connection] = {}
    with Writer(target, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for key, value in metadata.items():
            writer.set_custom_data(key, str(value))
        for file in files:
            scan = McapScan(file)
            schemas: dict[int, Schema] = {}
            topics: dict[int, str] = {}
            for found in scan:
                if isinstance(found, Schema):
                    schemas[found.id] = found
                elif isinstance(found, Channel) and found.schema_id in schemas:
                    topics[found.id] = found.topic
                    if found.topic not in connections:
                        schema = schemas[found.schema_id]
                        connections[found.topic] = _connect(writer, found, schema)
                elif isinstance(found, Message) and _is_cdr(found) and found.channel_id in topics:
                    connection = connections[topics[found.channel_id]]
                    writer.write(connection, found.log_time, found.data)
                    count += 1
                    done += len(found.data)
                    if count % 1000 == 0:
                        progress(done, total)
            lost += scan.lost
    progress(total, total)
    return target, Repair(count, lost, False)


def _is_cdr(message: Message) -> bool:
    """Whether the data begin as serialized messages do; a lost disk block reads as zeros."""
    return len(message.data) > 4 and message.data[:2] in (b"\x00\x00", b"\x00\x01")


def _connect(writer: Writer, channel: Channel, schema: Schema) -> Connection:
    store = get_typestore(Stores.EMPTY)
    text = schema.data.decode()
    if schema.encoding == "ros2msg":
        store.register(get_types_from_msg(text, schema.name))
    else:
        store.register(get_types_from_idl(text))
    return writer.add_connection(
        channel.topic,
        schema.name,
        msgdef=text,
        rihs01=store.hash_rihs01(schema.name),
        offered_qos_profiles=parse_qos(channel.metadata.get("offered_qos_profiles", "[]")),
    )
