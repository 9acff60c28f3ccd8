"""Which files make up a bag, and what they hold together."""

from __future__ import annotations

import heapq
import logging
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePath

from multigen_core.bags.connection import Connection, Key
from multigen_core.bags.errors import BagError
from multigen_core.bags.metadata import BagInformation, custom_data, load_information
from multigen_core.bags.records import BrokenError
from multigen_core.bags.storage import MCAP_SUFFIXES, Storage, is_storage, open_storage
from multigen_core.config.yaml_file import ConfigError

_LOG = logging.getLogger(__name__)


class BagFiles:
    """The files of one bag, opened: a directory with metadata.yaml, or a file that stands alone.

    What the files hold counts; metadata.yaml must agree with it. Connections that no ROS 2 reader
    could read are named in the log and left out.
    """

    def __init__(self, path: Path) -> None:
        """Open them.

        Raises:
            BagError: no bag, or one that was cut off or is damaged; names the way out.
        """
        self.path = path
        self._stack = ExitStack()
        self._storages: list[tuple[Path, Storage]] = []
        try:
            information = self._information()
            for file in self._files(information):
                with self._explained(file):
                    self._storages.append((file, open_storage(file, self._stack)))
            self._merged = self._merge()
            if information:
                self._compare(information)
        except BaseException:
            self.close()
            raise
        used = [storage for _, storage in self._storages if any(map(_count, storage.connections))]
        self.start = min((storage.start for storage in used), default=0)
        self.end = max((storage.end for storage in used), default=0)
        self.metadata = self._notes(information)
        for connection in self._merged.values():
            if connection.foreign:
                self._warn(f"skips {connection.topic}: {connection.foreign}")

    @property
    def connections(self) -> list[Connection]:
        """Every topic whose messages can be read."""
        return [connection for connection in self._merged.values() if not connection.foreign]

    def messages(self, wanted: Collection[Connection]) -> Iterator[tuple[Connection, int, bytes]]:
        """Connection, bag time [ns] and data of messages, in order of time.

        Raises:
            BagError: a file is damaged.
        """
        by_key = {connection.key: connection for connection in wanted}
        streams = (self._stream(file, storage, by_key) for file, storage in self._storages)
        for key, time, data in heapq.merge(*streams, key=lambda message: message[1]):
            yield by_key[key], time, data

    def close(self) -> None:
        """Release the files."""
        self._stack.close()

    def _stream(
        self, file: Path, storage: Storage, wanted: Collection[Key]
    ) -> Iterator[tuple[Key, int, bytes]]:
        with self._explained(file):
            yield from storage.messages(wanted)

    @contextmanager
    def _explained(self, file: Path) -> Iterator[None]:
        try:
            yield
        except BrokenError as error:
            raise BagError(
                f"bag {self.path}: {file.name} {error}; run: multigen repair-bag {self.path}"
            ) from error
        except OSError as error:
            raise BagError(f"bag {self.path}: {file.name}: {error.strerror or error}") from error

    def _warn(self, line: str) -> None:
        _LOG.warning("bag %s: %s", self.path, line)

    def _information(self) -> BagInformation | None:
        path = self.path
        if not path.exists():
            raise BagError(f"bag {path}: no such file or directory")
        if not path.is_dir():
            if is_storage(path):
                return None
            raise BagError(
                f"bag {path}: neither a bag's directory nor its file "
                f"({', '.join((*MCAP_SUFFIXES, '.db3'))})"
            )
        if (path / "metadata.yaml").exists():
            try:
                return load_information(path / "metadata.yaml")
            except ConfigError as error:
                raise BagError(f"bag {error}; run: multigen repair-bag {path}") from error
        if any(map(is_storage, path.iterdir())):
            raise BagError(
                f"bag {path}: is still being recorded or was cut off (no metadata.yaml); "
                f"if nothing records it, run: multigen repair-bag {path}"
            )
        raise BagError(f"bag {path}: not a bag (no metadata.yaml, no .mcap file)")

    def _files(self, information: BagInformation | None) -> list[Path]:
        if information is None:
            return [self.path]
        names = [PurePath(name).name for name in information.relative_file_paths]
        if missing := [name for name in names if not (self.path / name).is_file()]:
            raise BagError(
                f"bag {self.path}: lacks {', '.join(missing)}, which metadata.yaml names; put it "
                f"back, or keep what there is: multigen repair-bag {self.path}"
            )
        there = {file.name for file in self.path.iterdir() if is_storage(file)}
        if more := sorted(there.difference(names)):
            self._warn(f"skips {', '.join(more)}, which metadata.yaml does not name")
        return [self.path / name for name in names]

    def _merge(self) -> dict[Key, Connection]:
        merged: dict[Key, Connection] = {}
        for _, storage in self._storages:
            for connection in storage.connections:
                before = merged.get(connection.key)
                count = connection.count + (before.count if before else 0)
                merged[connection.key] = replace(before or connection, count=count)
        return merged

    def _compare(self, information: BagInformation) -> None:
        """Hold the counts of metadata.yaml against those of the files."""
        counts: Counter[tuple[str, str]] = Counter()
        for connection in self._merged.values():
            counts[connection.topic, connection.type] += connection.count
        told = information.counts
        for topic, kind in sorted(counts.keys() | told.keys()):
            if counts[topic, kind] != told[topic, kind]:
                raise BagError(
                    f"bag {self.path}: metadata.yaml counts {told[topic, kind]} messages of "
                    f"{topic} ({kind}), the files {counts[topic, kind]}; "
                    f"run: multigen repair-bag {self.path}"
                )

    def _notes(self, information: BagInformation | None) -> dict[str, str]:
        """What whoever recorded the bag noted; rosbag2 writes it twice."""
        inside: dict[str, str] = {}
        for _, storage in self._storages:
            inside |= custom_data(storage.serialized_metadata)
        if information is None:
            return inside
        told = information.custom
        for key in sorted(told.keys() | inside.keys() if inside else ()):
            if told.get(key) != inside.get(key):
                self._warn(
                    f"metadata.yaml says {key} {told.get(key)!r}, its files {inside.get(key)!r}"
                )
        return told


def _count(connection: Connection) -> int:
    return connection.count
