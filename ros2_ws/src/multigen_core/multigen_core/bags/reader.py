"""Reading an episode from a rosbag2 directory or an MCAP file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from multigen_core import messages
from multigen_core.bags.connection import Connection
from multigen_core.bags.errors import BagError, MissingTopicError
from multigen_core.bags.files import BagFiles
from multigen_core.bags.typestore import deserialize, type_hash
from multigen_core.contract import AUDIO, AUDIO_INFO, TOPICS, Topic
from multigen_core.errors import MultigenError
from multigen_core.messages import MessageError
from multigen_core.streams.sound_converter import SoundConverter
from multigen_core.types import AudioInfo, to_seconds

_LOG = logging.getLogger(__name__)

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
    `namespace`. A message that holds what the contract does not allow is skipped; the log says how
    many there were, and what was wrong with the first.
    """

    def __init__(self, path: Path | str, namespace: str | None = None) -> None:
        """Open a bag.

        Raises:
            BagError: no bag, or one that was cut off or is damaged; names the way out.
        """
        self.path = Path(path)
        self._files = BagFiles(self.path)
        self.metadata = self._files.metadata
        """What whoever recorded the bag noted."""
        self.start = self._files.start
        """Bag time of the first message [ns]."""
        self.end = self._files.end
        """Bag time of the last message [ns]."""
        self.connections = self._files.connections
        """Every topic of the bag that can be read, also those outside the contract."""
        self._found: dict[str, Connection] = {}
        for topic in TOPICS:
            if found := self._find(topic, namespace):
                self._found[topic.name] = found

    def _find(self, topic: Topic, namespace: str | None) -> Connection | None:
        relative = topic.name.lstrip("/")
        prefix = None if namespace is None else f"{namespace.rstrip('/')}/"
        found = [
            connection
            for connection in self.connections
            if connection.type == topic.type
            and connection.topic
            in (topic.name, f"{prefix}{relative}" if prefix is not None else connection.topic)
            and f"/{connection.topic.lstrip('/')}".endswith(f"/{relative}")
        ]
        used = [connection for connection in found if connection.count] or found
        if len(used) > 1:
            names = ", ".join(sorted(connection.topic for connection in used))
            raise BagError(f"bag {self.path}: several topics could be {topic.name}: {names}")
        return used[0] if used else None

    def everything(self) -> Iterator[tuple[Connection, int, bytes]]:
        """Every message, also of topics outside the contract.

        Raises:
            BagError: the bag is damaged.
        """
        return self._files.messages(self.connections)

    def name_of(self, topic: Topic) -> str:
        """The name under which the bag holds a topic, '' if it does not."""
        connection = self._found.get(topic.name)
        return connection.topic if connection else ""

    @property
    def namespace(self) -> str:
        """That of the graph whose topics the bag holds."""
        for name, connection in self._found.items():
            if not name.startswith("/"):
                return connection.topic[: -len(name)].rstrip("/") or "/"
        return "/"

    def count(self, topic: Topic) -> int:
        """How many messages the bag holds on a topic."""
        connection = self._found.get(topic.name)
        return connection.count if connection else 0

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
            BagError: the bag is damaged, or of another definition of a type.
        """
        wanted = {
            connection.key: topic
            for topic in topics or TOPICS
            if (connection := self._found.get(topic.name)) and connection.count
        }
        chosen = [connection for connection in self.connections if connection.key in wanted]
        for connection in chosen:
            if connection.digest and connection.digest != type_hash(connection.type):
                version = self.metadata.get("contract_version", "unknown")
                raise BagError(
                    f"bag {self.path}: {connection.topic} was recorded with another definition "
                    f"of {connection.type} (contract version {version}); "
                    "read it with the release that wrote it"
                )
        for connection, time, data in self._files.messages(chosen):
            yield wanted[connection.key], time, data

    def messages(self, *topics: Topic) -> Iterator[tuple[Topic, int, Any]]:
        """As `raw`, with the message as rosbags builds it."""
        with self._skipping() as skip:
            for topic, time, data in self.raw(*topics):
                try:
                    message = deserialize(data, topic.type)
                except MessageError as error:
                    skip(topic, time, error)
                else:
                    yield topic, time, message

    def records(self, *topics: Topic) -> Iterator[Record]:
        """As `raw`, with the core item; sound is the contract's whatever the bag's AudioInfo says.

        Raises:
            BagError: the bag is damaged, or its sound is of a format that cannot be converted.
        """
        converter = self._converter() if AUDIO in (topics or TOPICS) else None
        last = 0
        with self._skipping() as skip:
            for topic, time, message in self.messages(*topics):
                try:
                    item = messages.decode(topic.type, message, time)
                    items = converter.push(item) if converter and topic is AUDIO else [item]
                except MultigenError as error:
                    skip(topic, time, error)
                    continue
                last = time
                for item in items:
                    yield Record(topic, topic.type, time, item)
            for item in converter.finish() if converter else []:
                yield Record(AUDIO, AUDIO.type, last, item)

    def items(self, topic: Topic) -> list[Any]:
        """Every core item of one topic."""
        return [record.item for record in self.records(topic)]

    @cached_property
    def audio_info(self) -> AudioInfo:
        """The format of the bag's sound; the contract's if it does not tell.

        Raises:
            BagError: the format changes, or the bag is damaged.
        """
        told = {info.mismatch: info for info in self.items(AUDIO_INFO)}
        if len(told) > 1:
            formats = " and ".join(mismatch or "the contract's" for mismatch in told)
            raise BagError(f"bag {self.path}: its sound changes its format: {formats}")
        return next(iter(told.values()), AudioInfo(self.start))

    def _converter(self) -> SoundConverter | None:
        if not self.count(AUDIO):
            return None
        try:
            return SoundConverter(self.audio_info)
        except BagError:
            raise
        except MultigenError as error:
            raise BagError(f"bag {self.path}: {self.name_of(AUDIO)}: {error}") from error

    @contextmanager
    def _skipping(self) -> Iterator[Callable[[Topic, int, MultigenError], None]]:
        """Gives what to call for a message that is left out, and tells of them at the end."""
        counts: dict[str, int] = {}
        first: dict[str, str] = {}

        def skip(topic: Topic, time: int, error: MultigenError) -> None:
            counts[topic.name] = counts.get(topic.name, 0) + 1
            moment = to_seconds(time - self.start)
            first.setdefault(topic.name, f"{moment:.3f} s after the bag's start: {error}")

        try:
            yield skip
        finally:
            for name, count in counts.items():
                _LOG.warning(
                    "bag %s: skips %d messages of %s; the first, %s",
                    *(self.path, count, name, first[name]),
                )

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
        self._files.close()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
