"""Reading an MCAP file from its start up to where it was cut off (https://mcap.dev/spec)."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.storage_mcap import DECOMPRESSORS

MAGIC = b"\x89MCAP0\r\n"
_HEADER = struct.Struct("<BQ")
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE, _CHUNK = 0x02, 0x03, 0x04, 0x05, 0x06
_LAST_OPCODE = 0x0F


@dataclass(frozen=True, slots=True)
class Schema:
    """A message definition."""

    id: int
    name: str
    encoding: str
    text: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic; `metadata` is the key-value map as serialized."""

    id: int
    schema: int
    topic: str
    metadata: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A serialized message with its log time [ns]."""

    channel: int
    time: int
    data: bytes


Found = Schema | Channel | Message


class _Fields:
    """Reads the fields of one record's body; IndexError past its end."""

    def __init__(self, body: memoryview) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> memoryview:
        self._at += count
        if self._at > len(self._body):
            raise IndexError("record is too short")
        return self._body[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def sized(self) -> bytes:
        return bytes(self.take(self.number(4)))

    def text(self) -> str:
        return self.sized().decode()

    def rest(self) -> memoryview:
        return self._body[self._at :]


class McapScan:
    """Every whole message of a file that may end anywhere.

    After iterating, `lost` is the number of bytes that could not be read and `complete` whether the
    file ends as it should.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lost = 0
        self.complete = False

    def __iter__(self) -> Iterator[Found]:
        with self._path.open("rb") as file:
            left = self._path.stat().st_size - len(MAGIC)
            if file.read(len(MAGIC)) != MAGIC:
                self.lost = left + len(MAGIC)
                return
            while left >= _HEADER.size:
                opcode, length = _HEADER.unpack(file.read(_HEADER.size))
                if not 0 < opcode <= _LAST_OPCODE:
                    self.lost += left
                    return
                left -= _HEADER.size
                # A torn header may claim any length: never ask for more than there is.
                body = memoryview(file.read(min(length, left)))
                left -= len(body)
                if opcode == _CHUNK:
                    yield from self._chunk(body, whole=len(body) == length)
                elif len(body) < length:
                    self.lost += len(body)
                elif opcode == _FOOTER:
                    self.complete = file.read() == MAGIC
                    return
                elif found := _parse(opcode, body):
                    yield found
            self.lost += left

    def _chunk(self, body: memoryview, *, whole: bool) -> Iterator[Found]:
        fields = _Fields(body)
        try:
            fields.take(16)
            size, crc, compression = fields.number(8), fields.number(4), fields.text()
            fields.number(8)
        except (IndexError, UnicodeDecodeError):
            self.lost += len(body)
            return
        content = fields.rest()
        if compression:
            # A compressed chunk opens whole or not at all.
            if not whole or compression not in DECOMPRESSORS:
                self.lost += len(body)
                return
            try:
                content = memoryview(DECOMPRESSORS[compression](bytes(content), size))
            except (ReaderError, OSError, RuntimeError, ValueError):
                self.lost += len(body)
                return
        if whole and crc and crc32(content) != crc:
            self.lost += len(body)
            return
        at = 0
        while at + _HEADER.size <= len(content):
            opcode, length = _HEADER.unpack_from(content, at)
            end = at + _HEADER.size + length
            if end > len(content) or not 0 < opcode <= _LAST_OPCODE:
                break
            if found := _parse(opcode, content[at + _HEADER.size : end]):
                yield found
            at = end
        self.lost += len(content) - at


def _parse(opcode: int, body: memoryview) -> Found | None:
    fields = _Fields(body)
    try:
        if opcode == _SCHEMA:
            return Schema(fields.number(2), fields.text(), fields.text(), fields.text())
        if opcode == _CHANNEL:
            number, schema, topic = fields.number(2), fields.number(2), fields.text()
            fields.text()
            return Channel(number, schema, topic, fields.sized())
        if opcode == _MESSAGE:
            channel = fields.number(2)
            fields.take(4)
            time = fields.number(8)
            fields.take(8)
            return Message(channel, time, bytes(fields.rest()))
    except (IndexError, UnicodeDecodeError):
        pass
    return None
