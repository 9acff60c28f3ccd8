"""A new bag from what can be read of damaged files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from mcap.records import Channel, Schema
from rosbags import interfaces

from multigen_core.bags.connection import Connection, Key, connection_of
from multigen_core.bags.mcap_writer import Writer
from multigen_core.bags.records import Message
from multigen_core.bags.scan import McapScan
from multigen_core.bags.storage import unpacked

Progress = Callable[[int, int], None]
"""Is told bytes done and in total."""


class Rewriting:
    """Copies the messages of MCAP files into a new bag; tells what was lost or left out."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.messages = 0
        self.lost_bytes = 0
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._copies: dict[Key, interfaces.Connection | None] = {}

    @property
    def left_out(self) -> list[str]:
        """The topics that no ROS 2 reader could read: name, messages and reason."""
        return [
            f"{topic} ({count} messages): {reason}"
            for (topic, reason), count in sorted(self._left_out.items())
        ]

    @property
    def complete(self) -> bool:
        """Whether every whole message was copied."""
        return not self._left_out.total()

    def run(self, files: list[Path], metadata: Mapping[str, str], progress: Progress) -> None:
        """Copy, with `metadata` as the bag's notes.

        Raises:
            OSError: a file cannot be read, or the disk is full.
        """
        total = sum(file.stat().st_size for file in files)
        done = 0
        with Writer(self.target) as writer, ExitStack() as stack:
            for key, value in metadata.items():
                writer.set_custom_data(key, str(value))
            for file in files:
                for size in self._copy(writer, unpacked(file, stack, torn=True)):
                    done += size
                    progress(min(done, total), total)
        progress(total, total)

    def _copy(self, writer: Writer, file: Path) -> Iterator[int]:
        """Copy a file; gives the size of each message [bytes]."""
        topics = _topics(file)
        for connection in topics.values():
            if connection.foreign:
                self._left_out[connection.topic, connection.foreign] += 0
            elif connection.key not in self._copies:
                self._copies[connection.key] = writer.add_copy(connection)
        scan = McapScan(file)
        for found in scan:
            if isinstance(found, Message):
                self._write(writer, topics.get(found.channel), found)
                yield len(found.data)
        self.lost_bytes += scan.lost

    def _write(self, writer: Writer, connection: Connection | None, message: Message) -> None:
        if connection is None:
            self._left_out[f"channel {message.channel}", "nothing tells what it holds"] += 1
        elif connection.foreign:
            self._left_out[connection.topic, connection.foreign] += 1
        elif (copy := self._copies[connection.key]) and _is_cdr(message.data):
            writer.write(copy, message.time, message.data)
            self.messages += 1
        else:
            self.lost_bytes += len(message.data)


def _topics(file: Path) -> dict[int, Connection]:
    """What each channel of a file holds; the index at the end repeats it."""
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    for found in McapScan(file):
        if isinstance(found, Schema):
            schemas[found.id] = found
        elif isinstance(found, Channel):
            channels[found.id] = found
    return {
        number: connection_of(channel, schemas.get(channel.schema_id), 0)
        for number, channel in channels.items()
    }


def _is_cdr(data: bytes) -> bool:
    """Whether data begin as serialized messages do; a lost disk block reads as zeros."""
    return len(data) > 4 and data[:2] in (b"\x00\x00", b"\x00\x01")
