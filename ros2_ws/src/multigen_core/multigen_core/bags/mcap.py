"""Reading an MCAP file that was closed: by its index, or by a scan where it has none."""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    ChunkIndex,
    DataEnd,
    Footer,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
)

from multigen_core.bags.connection import Connection, Key, connection_of
from multigen_core.bags.records import (
    HEAD,
    MAGIC,
    BrokenError,
    Message,
    Place,
    Read,
    Source,
    open_chunk,
    parse,
    reading,
    unpack_message,
    walk,
)

_FOOTER = HEAD + 20
_DATA_END = HEAD + 4
_BLOCK = 2**20


class _Span(NamedTuple):
    """A chunk, or a message outside of chunks.

    `start` [ns] is the time of the first message, `channels` those there are, empty if unknown.
    """

    start: int
    place: Place
    channels: frozenset[int]


class McapFile:
    """A closed MCAP file.

    Checksums are checked where the file holds them: the index's and the data section's on opening,
    a chunk's when it is read.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            BrokenError: it is no MCAP file, was cut off, or is damaged.
            OSError: it cannot be read.
        """
        self.start, self.end = 0, 0
        """Times of the first and the last message [ns]."""
        self.serialized_metadata = ""
        """What rosbag2 writes into the file of metadata.yaml."""
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._counts: Counter[int] = Counter()
        self._spans: list[_Span] = []
        self._source = Source(path)
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        self._connections = {
            number: connection_of(
                channel, self._schemas.get(channel.schema_id), self._counts[number]
            )
            for number, channel in self._channels.items()
        }

    @property
    def connections(self) -> list[Connection]:
        """Its topics."""
        return list(self._connections.values())

    def messages(self, wanted: Collection[Key]) -> Iterator[tuple[Key, int, bytes]]:
        """Connection, time [ns] and data of the messages of some connections, in order of time.

        Raises:
            BrokenError: the file is damaged, or holds other than it counts.
        """
        keys = {n: c.key for n, c in self._connections.items() if c.key in wanted}
        order, found = count(), Counter[int]()
        pending: list[tuple[int, int, int, bytes]] = []
        for span in sorted(self._spans, key=lambda span: span.start):
            if span.channels and span.channels.isdisjoint(keys):
                continue
            while pending and pending[0][0] < span.start:
                time, _, number, data = heapq.heappop(pending)
                yield keys[number], time, data
            for number, time, data in self._load(span.place):
                if number in keys:
                    found[number] += 1
                    heapq.heappush(pending, (time, next(order), number, data))
        while pending:
            time, _, number, data = heapq.heappop(pending)
            yield keys[number], time, data
        for number in keys:
            if found[number] != self._counts[number]:
                raise BrokenError(
                    f"counts {self._counts[number]} messages of {self._channels[number].topic} "
                    f"and holds {found[number]}"
                )

    def close(self) -> None:
        """Release the file."""
        self._source.close()

    def _open(self) -> None:
        source = self._source
        if source.size < len(MAGIC) or source.read(0, len(MAGIC)) != MAGIC:
            raise BrokenError("is no MCAP file")
        footer_at = source.size - len(MAGIC) - _FOOTER
        head = bytes([Opcode.FOOTER]) + (_FOOTER - HEAD).to_bytes(8, "little")
        if footer_at < len(MAGIC) or source.read(footer_at, HEAD) != head:
            raise BrokenError("has no end: it was cut off")
        footer = parse(Footer, source.read(footer_at + HEAD, _FOOTER - HEAD))
        end = footer.summary_start or footer_at
        if not len(MAGIC) + _DATA_END <= end <= footer_at:
            raise BrokenError("has a footer that points nowhere")
        summary = source.read(end, footer_at - end)
        if footer.summary_crc:
            # It covers the footer up to itself.
            covered = summary + source.read(footer_at, _FOOTER - 4)
            if zlib.crc32(covered) != footer.summary_crc:
                raise BrokenError("has an index whose checksum does not fit")
        self._check_data(end - _DATA_END)
        statistics = self._read_summary(summary)
        if statistics is None or not self._is_indexed(statistics):
            self._scan(end)
            if statistics and statistics.message_count != self._counts.total():
                raise BrokenError(
                    f"counts {statistics.message_count} messages and holds {self._counts.total()}"
                )

    def _check_data(self, end: int) -> None:
        """Hold the bytes up to `end` against the checksum that may follow them."""
        (place,) = walk(self._source.read, end, end + _DATA_END)
        if place.opcode != Opcode.DATA_END:
            raise BrokenError("has a footer that points nowhere")
        expected = parse(DataEnd, self._source.read(place.at, place.size)).data_section_crc
        checksum = 0
        for at in range(0, end if expected else 0, _BLOCK):
            checksum = zlib.crc32(self._source.read(at, min(_BLOCK, end - at)), checksum)
        if checksum != expected:
            raise BrokenError("holds data whose checksum does not fit")

    def _read_summary(self, summary: bytes) -> Statistics | None:
        statistics = None
        read, source = reading(summary), self._source
        for place in walk(read, 0, len(summary)):
            body = read(place.at, place.size)
            if place.opcode == Opcode.STATISTICS:
                statistics = parse(Statistics, body)
                self._counts.update(statistics.channel_message_counts)
                self.start, self.end = statistics.message_start_time, statistics.message_end_time
            elif place.opcode == Opcode.CHUNK_INDEX:
                index = parse(ChunkIndex, body)
                at, size = index.chunk_start_offset, index.chunk_length
                chunk = Place(Opcode.CHUNK, at + HEAD, size - HEAD)
                channels = frozenset(index.message_index_offsets)
                self._spans.append(_Span(index.message_start_time, chunk, channels))
            elif place.opcode == Opcode.METADATA_INDEX:
                where = parse(MetadataIndex, body)
                for found in walk(source.read, where.offset, where.offset + where.length):
                    self._describe(found, source.read)
            else:
                self._describe(place, read)
        return statistics

    def _describe(self, place: Place, read: Read) -> None:
        """Take a record that tells what the messages are."""
        if place.opcode == Opcode.SCHEMA:
            schema = parse(Schema, read(place.at, place.size))
            self._schemas[schema.id] = schema
        elif place.opcode == Opcode.CHANNEL:
            channel = parse(Channel, read(place.at, place.size))
            self._channels[channel.id] = channel
        elif place.opcode == Opcode.METADATA:
            metadata = parse(Metadata, read(place.at, place.size))
            if metadata.name == "rosbag2":
                self.serialized_metadata = metadata.metadata.get("serialized_metadata", "")

    def _is_indexed(self, statistics: Statistics) -> bool:
        """Whether the summary tells all that reading takes; every part of it is optional."""
        return (
            len(self._spans) == statistics.chunk_count
            and self._counts.total() == statistics.message_count
            and bool(self._spans) == bool(statistics.message_count)
            and self._channels.keys() >= self._counts.keys()
            and self._schemas.keys() >= {c.schema_id for c in self._channels.values()} - {0}
        )

    def _scan(self, end: int) -> None:
        """Find out what the messages up to `end` are from themselves."""
        self._spans.clear()
        self._counts.clear()
        times: list[int] = []
        for place in walk(self._source.read, len(MAGIC), end):
            if place.opcode not in (Opcode.MESSAGE, Opcode.CHUNK):
                self._describe(place, self._source.read)
            elif found := [(message.time, message.channel) for message in self._load(place)]:
                channels = frozenset(channel for _, channel in found)
                self._spans.append(_Span(min(found)[0], place, channels))
                self._counts.update(channel for _, channel in found)
                times += [min(found)[0], max(found)[0]]
        self.start, self.end = min(times, default=0), max(times, default=0)

    def _load(self, place: Place) -> Iterator[Message]:
        """The messages at a place."""
        if self._source.read(place.at - HEAD, 1)[0] != place.opcode:
            raise BrokenError("has an index that points nowhere")
        body = self._source.read(place.at, place.size)
        if place.opcode == Opcode.MESSAGE:
            yield unpack_message(body)
            return
        content = open_chunk(body)
        read = reading(content)
        for inner in walk(read, 0, len(content)):
            if inner.opcode == Opcode.MESSAGE:
                yield unpack_message(read(inner.at, inner.size))
            else:
                self._describe(inner, read)
