"""Reading an MCAP file from its start up to where it was cut off."""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from io import BufferedReader, BytesIO
from pathlib import Path

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import StreamReader, breakup_chunk
from zstandard import ZstdError

_LENGTH_SIZE = 8
_BROKEN = (
    *(ArithmeticError, EOFError, MemoryError, RuntimeError, ValueError),
    *(McapError, ZstdError, struct.error),
)
"""What reading broken records and opening broken chunks raises."""


class _Exact(BufferedReader):
    """Raises EOFError instead of giving less than was asked for, which would pass for a record."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is not None and len(data) < size:
            raise EOFError
        return data


class McapScan:
    """Every whole record of a file that may end anywhere, those of chunks included.

    After iterating, `lost` is the number of bytes that could not be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lost = 0

    def __iter__(self) -> Iterator[McapRecord]:
        size = self._path.stat().st_size
        with _Exact(self._path.open("rb", buffering=0)) as file:
            done = yield from self._records(file, size)
            if done < size:
                self.lost += size - done
                file.seek(done)
                self.lost -= yield from self._torn_chunk(file)

    def _records(
        self, stream: _Exact, size: int, *, inside: bool = False
    ) -> Generator[McapRecord, None, int]:
        """What stands before the first broken record; returns where that begins."""
        reader = StreamReader(
            stream, skip_magic=inside, emit_chunks=True, record_size_limit=size
        ).records
        done = 0
        try:
            for record in reader:
                if isinstance(record, Chunk):
                    yield from self._chunk(record)
                else:
                    yield record
                done = stream.tell()
        except _BROKEN:
            return done
        return size

    def _chunk(self, chunk: Chunk) -> Iterator[McapRecord]:
        try:
            records = breakup_chunk(chunk, validate_crc=True)
        except _BROKEN:
            self.lost += len(chunk.data)
            return
        yield from records

    def _torn_chunk(self, file: _Exact) -> Generator[McapRecord, None, int]:
        """What the beginning of a chunk holds; returns how many bytes could be read.

        A compressed chunk opens whole or not at all.
        """
        if file.peek(1)[:1] != bytes([Opcode.CHUNK]):
            return 0
        file.seek(1 + _LENGTH_SIZE, 1)
        try:
            chunk = Chunk.read(ReadDataStream(BytesIO(file.read())))
        except _BROKEN:
            return 0
        if chunk.compression:
            return 0
        content = _Exact(BytesIO(chunk.data))
        return (yield from self._records(content, len(chunk.data), inside=True))


__all__ = ["Channel", "McapRecord", "McapScan", "Message", "Schema"]
