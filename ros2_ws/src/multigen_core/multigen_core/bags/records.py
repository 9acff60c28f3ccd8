"""The records of an MCAP file, every size checked against what is there before it is trusted."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, TypeVar

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.records import Chunk, McapRecord

MAGIC = b"\x89MCAP0\r\n"
MAX_CHUNK = 256 * 2**20
"""What a chunk may unpack to [bytes]; writers close one at about 1 MiB, or after one message."""
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_RECORD = struct.Struct("<BQ")
HEAD = _RECORD.size
"""Bytes before a record's body: its kind and length."""
_MESSAGE = struct.Struct("<HIQQ")
_LATEST = 2**63 - 1
"""Times are signed 64-bit nanoseconds wherever they are used."""

Read = Callable[[int, int], bytes]
"""Gives `size` bytes at a position; raises BrokenError where there are fewer."""


class BrokenError(Exception):
    """A record contradicts itself or the file; the message is the end of a sentence on the file."""


class Place(NamedTuple):
    """Where a record's body lies [bytes]."""

    opcode: int
    at: int
    size: int


class Message(NamedTuple):
    """A message by its channel's number, with its log time [ns] and serialized data."""

    channel: int
    time: int
    data: bytes


Record = TypeVar("Record", bound=McapRecord)


class _Exact(BytesIO):
    """Raises instead of giving less than was asked for, which would pass for a record."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is not None and len(data) < size:
            raise BrokenError("holds a record that ends too early")
        return data


class Source:
    """A file's bytes by position, never beyond its end."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            OSError: it cannot be opened.
        """
        self._file = path.open("rb", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, at: int, size: int) -> bytes:
        """Bytes at a position.

        Raises:
            BrokenError: there are fewer.
        """
        if at < 0 or size < 0 or at + size > self.size:
            raise BrokenError("holds a record that points nowhere")
        data = os.pread(self._file.fileno(), size, at)
        if len(data) < size:
            raise BrokenError("was cut off while it was read")
        return data

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def reading(content: bytes) -> Read:
    """Reads from `content`."""

    def read(at: int, size: int) -> bytes:
        if at + size > len(content):
            raise BrokenError("holds a record that ends too early")
        return content[at : at + size]

    return read


def walk(read: Read, at: int, end: int) -> Iterator[Place]:
    """The places of the records from `at` to `end`.

    Raises:
        BrokenError: there is none, or one reaches beyond `end`.
    """
    while at < end:
        opcode, size = _RECORD.unpack(read(at, HEAD))
        at += HEAD
        if not opcode or size > end - at:
            raise BrokenError(f"holds no record at byte {at - HEAD}")
        yield Place(opcode, at, size)
        at += size


def parse(kind: type[Record], body: bytes) -> Record:
    """A record of the mcap library from its body.

    Raises:
        BrokenError: the body is none.
    """
    try:
        return kind.read(ReadDataStream(_Exact(body)))  # type: ignore[attr-defined]
    except (McapError, struct.error, ValueError, OverflowError) as error:
        raise BrokenError(
            f"holds a {kind.__name__} record that cannot be read ({error})"
        ) from error


def unpack_message(body: bytes) -> Message:
    """A message from its record's body.

    Raises:
        BrokenError: it is none.
    """
    if len(body) < _MESSAGE.size:
        raise BrokenError(f"holds a message record of {len(body)} bytes")
    channel, _, time, _ = _MESSAGE.unpack_from(body)
    if time > _LATEST:
        raise BrokenError(f"holds a message of the time {time} ns, after the year 2262")
    data = body[_MESSAGE.size :]
    return Message(channel, time, decompress(data) if data.startswith(ZSTD_MAGIC) else data)


def open_chunk(body: bytes) -> bytes:
    """The records of a chunk from its body.

    Raises:
        BrokenError: the chunk cannot be opened, or its checksum does not fit.
    """
    chunk = parse(Chunk, body)
    content = decompress(chunk.data, chunk.compression) if chunk.compression else chunk.data
    if len(content) != chunk.uncompressed_size:
        raise BrokenError(f"holds a chunk of {len(content)} bytes for {chunk.uncompressed_size}")
    if chunk.uncompressed_crc and zlib.crc32(content) != chunk.uncompressed_crc:
        raise BrokenError("holds a chunk whose checksum does not fit")
    return content


def decompress(data: bytes, compression: str = "zstd") -> bytes:
    """What was compressed, up to MAX_CHUNK, whatever size the data claim.

    Raises:
        BrokenError: it cannot be decompressed, or is larger.
    """
    try:
        if compression == "zstd":
            content = zstandard.ZstdDecompressor().stream_reader(data).read(MAX_CHUNK + 1)
            if zstandard.frame_content_size(data) not in (len(content), -1):
                raise BrokenError("holds compressed data that end too early")
        elif compression == "lz4":
            content = lz4.frame.LZ4FrameDecompressor().decompress(data, MAX_CHUNK + 1)
        else:
            raise BrokenError(f"holds a chunk of unknown compression {compression!r}")
    except (zstandard.ZstdError, RuntimeError, EOFError, MemoryError) as error:
        raise BrokenError(f"holds what cannot be decompressed ({error})") from error
    if len(content) > MAX_CHUNK:
        raise BrokenError(f"holds what unpacks to more than {MAX_CHUNK >> 20} MiB")
    return content
