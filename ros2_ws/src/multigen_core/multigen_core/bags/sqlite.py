"""Reading a file of rosbag2's SQLite storage."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import rosbags.interfaces as bags
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Reader

from multigen_core.bags.connection import Connection, Key
from multigen_core.bags.records import ZSTD_MAGIC, BrokenError, decompress


class SqliteFile:
    """A .db3 file, read by the rosbags library; it has no checksums."""

    serialized_metadata = ""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            BrokenError: it is none, or damaged.
        """
        self._reader = Sqlite3Reader(path)
        try:
            self._reader.open()
        except Exception as error:  # whatever the library stumbles over in a damaged file
            raise BrokenError(f"is damaged ({error})") from error
        metadata = self._reader.metadata
        self.start, self.end = metadata.start_time, metadata.end_time - 1
        self.connections = [_connection(c) for c in self._reader.connections]

    def messages(self, wanted: Collection[Key]) -> Iterator[tuple[Key, int, bytes]]:
        """Connection, time [ns] and data of the messages of some connections, in order of time.

        Raises:
            BrokenError: the file is damaged.
        """
        keys = {c.id: _connection(c).key for c in self._reader.connections}
        chosen = [c for c in self._reader.connections if keys[c.id] in wanted]
        if not chosen:
            return
        try:
            for connection, time, data in self._reader.messages(chosen):
                plain = decompress(data) if data.startswith(ZSTD_MAGIC) else data
                yield keys[connection.id], time, plain
        except BrokenError:
            raise
        except Exception as error:  # as above
            raise BrokenError(f"is damaged ({error})") from error

    def close(self) -> None:
        """Release the file."""
        self._reader.close()


def _connection(theirs: bags.Connection) -> Connection:
    encoding = getattr(theirs.ext, "serialization_format", "cdr")
    foreign = "" if encoding == "cdr" else f"its messages are {encoding!r}"
    return Connection(
        theirs.topic,
        theirs.msgtype,
        theirs.msgcount,
        theirs.msgdef.data,
        theirs.digest,
        foreign=foreign,
    )
