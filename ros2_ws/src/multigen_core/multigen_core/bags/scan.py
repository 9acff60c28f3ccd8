"""Everything that can be read of an MCAP file that was cut off or damaged anywhere."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mcap.opcode import Opcode
from mcap.records import Channel, Schema

from multigen_core.bags.records import (
    HEAD,
    MAGIC,
    MAX_CHUNK,
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

_CHUNK = re.compile(
    rb"\x06(?=(?P<length>.{8}).{16}(?P<unpacked>.{8})(?P<crc>.{4})"
    rb"(?P<compression>\0{4}|\x04\0{3}zstd|\x03\0{3}lz4)(?P<size>.{8}))",
    re.DOTALL,
)
"""How a chunk's record begins; a match is one if its lengths agree, too."""
_PLAIN = HEAD + 40
"""Where the content of an uncompressed chunk begins."""
_BLOCK = 4 * 2**20

Found = Schema | Channel | Message


class McapScan:
    """Every whole message of a file, with the records that describe them.

    A broken chunk is lost, except for the beginning of one that the file's end or a lost block
    cuts off; the scan goes on at the next. After iterating, `lost` is the number of bytes that
    could not be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lost = 0

    def __iter__(self) -> Iterator[Found]:
        source = Source(self._path)
        try:
            yield from self._everything(source)
        finally:
            source.close()

    def _everything(self, source: Source) -> Iterator[Found]:
        at = len(MAGIC)
        while at < source.size:
            try:
                for place in walk(source.read, at, source.size):
                    if place.opcode == Opcode.CHUNK:
                        yield from self._inside(open_chunk(source.read(place.at, place.size)))
                    else:
                        yield from self._record(source.read, place)
                    at = place.at + place.size
                    if place.opcode == Opcode.FOOTER and at + len(MAGIC) == source.size:
                        return
            except BrokenError:
                next_chunk = _next_chunk(source, at + 1)
                self.lost += next_chunk - at
                torn = _torn_chunk(source.read(at, min(next_chunk - at, MAX_CHUNK)))
                self.lost -= len(torn)
                yield from self._inside(torn)
                at = next_chunk

    def _inside(self, content: bytes) -> Iterator[Found]:
        """What stands in a chunk's content before the first broken record."""
        read, done = reading(content), 0
        with suppress(BrokenError):
            for place in walk(read, 0, len(content)):
                yield from self._record(read, place)
                done = place.at + place.size
        self.lost += len(content) - done

    def _record(self, read: Read, place: Place) -> Iterator[Found]:
        """The message, or what describes messages, if the record is that and whole."""
        kinds = {Opcode.SCHEMA: Schema, Opcode.CHANNEL: Channel}
        try:
            if place.opcode == Opcode.MESSAGE:
                found: Found = unpack_message(read(place.at, place.size))
            elif place.opcode in kinds:
                found = parse(kinds[Opcode(place.opcode)], read(place.at, place.size))
            else:
                return
        except BrokenError:
            self.lost += place.size
            return
        yield found


def _next_chunk(source: Source, at: int) -> int:
    """Where the next chunk begins, or the file's end."""
    for start in range(at, source.size, _BLOCK):
        data = source.read(start, min(_BLOCK + _PLAIN + 4, source.size - start))
        for found in _CHUNK.finditer(data):
            rest = 36 + len(found["compression"]) + _number(found["size"])
            if _number(found["length"]) == rest:
                return start + found.start()
    return source.size


def _torn_chunk(data: bytes) -> bytes:
    """The content of a chunk at the beginning of `data`, or what is there of it.

    Empty if there is none: a compressed chunk opens whole or not at all.
    """
    found = _CHUNK.match(data)
    if not found or len(found["compression"]) > 4:
        return b""
    size, crc = _number(found["unpacked"]), _number(found["crc"])
    content = data[_PLAIN : _PLAIN + size]
    return b"" if len(content) == size and crc not in (0, zlib.crc32(content)) else content


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")
