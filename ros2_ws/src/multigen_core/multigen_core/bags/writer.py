"""Writing an episode as a rosbag2 directory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.interfaces import Qos as BagQos
from rosbags.interfaces import QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import WriterError

from multigen_core import messages
from multigen_core.bags.errors import BagError, BagExistsError
from multigen_core.bags.mcap_writer import Writer
from multigen_core.bags.typestore import FACTORY, typestore
from multigen_core.contract import Qos, Topic
from multigen_core.errors import MultigenError
from multigen_core.files import write_json

FLUSH_INTERVAL = 1.0
"""A killed process loses at most this much [s], steady time."""
JOURNAL = "recording.json"
"""Holds the metadata while a bag is open, since metadata.yaml is written last."""
_INFINITE = QosTime(9_223_372_036, 854_775_807)


def bag_qos(qos: Qos) -> BagQos:
    """The contract's QoS as a bag records it, so that players offer the same."""
    return BagQos(
        QosHistory.KEEP_LAST,
        qos.depth,
        QosReliability.RELIABLE if qos.reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if qos.latched else QosDurability.VOLATILE,
        _INFINITE,
        _INFINITE,
        QosLiveliness.AUTOMATIC,
        _INFINITE,
        False,
    )


def absolute_name(topic: Topic, namespace: str = "/") -> str:
    """The topic's name in a graph under `namespace`."""
    if topic.name.startswith("/"):
        return topic.name
    return f"{namespace.rstrip('/')}/{topic.name}"


class BagWriter:
    """Writes one bag; chunks reach the disk at least every FLUSH_INTERVAL.

    Leaving a `with` block by an exception removes the bag, unless the disk failed.
    """

    def __init__(
        self,
        path: Path | str,
        topics: Iterable[Topic],
        metadata: Mapping[str, object] | None = None,
        namespace: str = "/",
    ) -> None:
        """Create the directory `path`.

        Raises:
            BagExistsError: it exists already.
            BagError: it cannot be written.
        """
        self.path = Path(path)
        self.counts: dict[str, int] = {}
        self.bytes = 0
        self._failed = False
        self._flushed = time.monotonic()
        store = typestore()
        try:
            self._writer = Writer(self.path)
            self._writer.open()
        except WriterError as error:
            raise BagExistsError(f"bag {self.path}: already exists; choose another name") from error
        except OSError as error:
            raise BagError(f"bag {self.path}: cannot be created: {error}") from error
        try:
            self._connections = {
                topic.name: self._writer.add_connection(
                    absolute_name(topic, namespace),
                    topic.type,
                    typestore=store,
                    offered_qos_profiles=[bag_qos(topic.publish)],
                )
                for topic in topics
            }
            for key, value in (metadata or {}).items():
                self._writer.set_custom_data(key, str(value))
            self._write_journal()
        except (OSError, WriterError) as error:
            raise BagError(f"bag {self.path}: cannot be created: {error}") from error

    @classmethod
    def beside(cls, path: Path, *args: Any, **options: Any) -> BagWriter:
        """A bag at `path`, or at the first of `path`_2, `path`_3, … that is free.

        Nobody else gets the same, not even at the same moment; otherwise as the constructor.
        """
        names = (path.name if number == 1 else f"{path.name}_{number}" for number in count(1))
        while True:
            with suppress(BagExistsError):
                return cls(path.with_name(next(names)), *args, **options)

    def annotate(self, key: str, value: object) -> None:
        """Add metadata known only later."""
        self._writer.set_custom_data(key, str(value))
        if self._writer.storage is not None:
            with suppress(MultigenError):  # What matters of a full disk is told by who writes.
                self._write_journal()

    def _write_journal(self) -> None:
        write_json(self.path / JOURNAL, self._writer.custom_data)

    def write(self, topic: Topic, item: Any, stamp: int) -> None:
        """Write a core item (or a ready rosbags message) at bag time `stamp` [ns].

        Raises:
            KeyError: the topic is none of this bag's.
            BagError: the disk is full or gone.
        """
        message = (
            item if hasattr(item, "__msgtype__") else messages.encode(topic.type, item, FACTORY)
        )
        self.write_raw(topic, typestore().serialize_cdr(message, topic.type), stamp)

    def write_raw(self, topic: Topic, data: bytes | memoryview, stamp: int) -> bool:
        """Write a serialized message at bag time `stamp` [ns]; errors as `write`.

        Returns whether this brought everything so far to the disk.
        """
        connection = self._connections[topic.name]
        if self._writer.storage is None:
            raise BagError(f"bag {self.path}: is closed")
        try:
            self._writer.write(connection, stamp, data)
        except OSError as error:
            raise self._lost(error) from error
        self.counts[topic.name] = self.counts.get(topic.name, 0) + 1
        self.bytes += len(data)
        if time.monotonic() - self._flushed < FLUSH_INTERVAL:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Bring everything so far to the disk.

        Raises:
            BagError: the disk is full or gone.
        """
        self._flushed = time.monotonic()
        if self._writer.storage is None:
            return
        try:
            self._writer.storage.flush()
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> BagError:
        """Give the file up as it is and say how to get at what it holds."""
        self._failed = True
        with suppress(OSError):
            self._writer.abort()
        return BagError(
            f"bag {self.path}: {error.strerror or error}; what was written is kept: "
            f"make room, then run: multigen repair-bag {self.path}"
        )

    def close(self) -> None:
        """Write the index and metadata.yaml; does nothing the second time.

        Raises:
            BagError: the disk is full or gone.
        """
        if self._writer.storage is None:
            return
        self.flush()
        try:
            self._writer.close()
            (self.path / JOURNAL).unlink(missing_ok=True)
        except OSError as error:
            raise self._lost(error) from error

    def discard(self) -> None:
        """Remove the bag."""
        with suppress(OSError):
            self._writer.abort()
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._failed:
            self.discard()
