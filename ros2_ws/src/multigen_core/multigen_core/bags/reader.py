"""Reading an episode from a rosbag2 directory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader, ReaderError
from rosbags.serde import SerdeError

from multigen_core import messages
from multigen_core.bags.errors import BagError, MissingTopicError
from multigen_core.bags.typestore import type_hash, typestore
from multigen_core.contract import TOPICS, Topic

Series = dict[str, NDArray[Any]]
"""A topic's fields over time by name: `stamp` (N,) int64 [ns], the others (N, …)."""


class Record(NamedTuple):
    """One message: contract topic, type, bag time [ns], core item (see `messages.decode`)."""

    topic: Topic
    type: str
    time: int
    item: Any


class BagReader:
    """One bag, opened.

    Topics are found by their contract name under any namespace; a bag of several graphs needs
    `namespace`.
    """

    def __init__(self, path: Path | str, namespace: str | None = None) -> None:
        """Open a bag.

        Raises:
            BagError: no bag, or one that was cut off; names the way out.
        """
        self.path = Path(path)
        self._check_whole()
        with self._explained():
            self._reader = Reader(self.path)
            self._reader.open()
        self.metadata: dict[str, str] = dict(self._reader.storage.metadata.custom or {})
        self._connections: dict[str, Connection] = {}
        for topic in TOPICS:
            if found := self._find(topic, namespace):
                self._connections[topic.name] = found

    def _check_whole(self) -> None:
        if not self.path.exists():
            raise BagError(f"bag {self.path}: no such file or directory")
        if not self.path.is_dir():
            raise BagError(
                f"bag {self.path}: a bag is a directory with metadata.yaml, this is a file"
            )
        if (self.path / "metadata.yaml").exists():
            return
        if any(self.path.glob("*.mcap")):
            raise BagError(
                f"bag {self.path}: is still being recorded or was cut off (no metadata.yaml); "
                f"if nothing records it, run: multigen repair-bag {self.path}"
            )
        raise BagError(f"bag {self.path}: not a bag (no metadata.yaml, no .mcap file)")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the many ways in which a damaged file shows into one error."""
        try:
            yield
        except (
            ReaderError,
            SerdeError,
            OSError,
            struct.error,
            TypeError,
            ValueError,
            KeyError,
        ) as error:
            raise BagError(
                f"bag {self.path}: is damaged ({error}); run: multigen repair-bag {self.path}"
            ) from error

    def _find(self, topic: Topic, namespace: str | None) -> Connection | None:
        relative = topic.name.lstrip("/")
        prefix = None if namespace is None else f"{namespace.rstrip('/')}/"
        found = [
            connection
            for connection in self._reader.connections
            if connection.msgtype == topic.type
            and connection.topic
            in (topic.name, f"{prefix}{relative}" if prefix is not None else connection.topic)
            and f"/{connection.topic.lstrip('/')}".endswith(f"/{relative}")
        ]
        used = [connection for connection in found if connection.msgcount] or found
        if len(used) > 1:
            names = ", ".join(sorted(connection.topic for connection in used))
            raise BagError(f"bag {self.path}: several topics could be {topic.name}: {names}")
        return used[0] if used else None

    @property
    def connections(self) -> list[Connection]:
        """Every topic of the bag as rosbags describes it, also those outside the contract."""
        return self._reader.connections

    def everything(self) -> Iterator[tuple[Connection, int, bytes]]:
        """Every message, also of topics outside the contract.

        Raises:
            BagError: the bag is damaged.
        """
        with self._explained():
            yield from self._reader.messages()

    @property
    def start(self) -> int:
        """Bag time of the first message [ns]."""
        return self._reader.start_time

    @property
    def end(self) -> int:
        """Bag time of the last message [ns]."""
        return self._reader.end_time - 1

    def name_of(self, topic: Topic) -> str:
        """The name under which the bag holds a topic, '' if it does not."""
        connection = self._connections.get(topic.name)
        return connection.topic if connection else ""

    @property
    def namespace(self) -> str:
        """That of the graph whose topics the bag holds."""
        for name, connection in self._connections.items():
            if not name.startswith("/"):
                return connection.topic[: -len(name)].rstrip("/") or "/"
        return "/"

    def count(self, topic: Topic) -> int:
        """How many messages the bag holds on a topic."""
        connection = self._connections.get(topic.name)
        return connection.msgcount if connection else 0

    def require(self, *topics: Topic) -> None:
        """Check that the bag holds messages on every one of `topics`.

        Raises:
            MissingTopicError: names those without, and those there are.
        """
        missing = [topic.name for topic in topics if not self.count(topic)]
        if missing:
            present = [topic.name for topic in TOPICS if self.count(topic)]
            raise MissingTopicError(
                f"bag {self.path}: holds no {', '.join(missing)}; "
                f"it holds {', '.join(present) or 'no topic of the contract'}"
            )

    def raw(self, *topics: Topic) -> Iterator[tuple[Topic, int, bytes]]:
        """Topic, bag time [ns] and serialized message in order of time; all topics by default.

        Raises:
            BagError: the bag is damaged.
        """
        wanted = {
            connection.topic: (topic, connection)
            for topic in topics or TOPICS
            if (connection := self._connections.get(topic.name)) and connection.msgcount
        }
        for topic, connection in wanted.values():
            if connection.digest and connection.digest != type_hash(topic.type):
                version = self.metadata.get("contract_version", "unknown")
                raise BagError(
                    f"bag {self.path}: {connection.topic} was recorded with another definition "
                    f"of {topic.type} (contract version {version}); "
                    "read it with the release that wrote it"
                )
        if not wanted:
            return
        with self._explained():
            for connection, time, data in self._reader.messages([c for _, c in wanted.values()]):
                yield wanted[connection.topic][0], time, data

    def messages(self, *topics: Topic) -> Iterator[tuple[Topic, int, Any]]:
        """As `raw`, with the message as rosbags builds it."""
        store = typestore()
        for topic, time, data in self.raw(*topics):
            with self._explained():
                message = store.deserialize_cdr(data, topic.type)
            yield topic, time, message

    def records(self, *topics: Topic) -> Iterator[Record]:
        """As `raw`, with the core item.

        Raises:
            BagError: the bag is damaged, or a message holds what the contract does not allow.
        """
        for topic, time, message in self.messages(*topics):
            try:
                item = messages.decode(topic.type, message, time)
            except messages.MessageError as error:
                raise BagError(f"bag {self.path}: {topic.name}: {error}") from error
            yield Record(topic, topic.type, time, item)

    def items(self, topic: Topic) -> list[Any]:
        """Every core item of one topic."""
        return [record.item for record in self.records(topic)]

    def series(self, topic: Topic) -> Series:
        """The fields of a topic's core items as arrays over time; empty arrays if there are none.

        `time` (N,) int64 is the bag time [ns].
        """
        records = list(self.records(topic))
        series: Series = {"time": np.array([record.time for record in records], np.int64)}
        if records and is_dataclass(records[0].item):
            for field in fields(records[0].item):
                series[field.name] = np.array([getattr(r.item, field.name) for r in records])
        return series

    def close(self) -> None:
        """Release the files."""
        if self._reader.is_open:
            self._reader.close()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
