"""A copy of a bag in which some topics are replaced; the bag itself stays as it is."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag2 import WriterError

from multigen_core import messages
from multigen_core.bags.errors import BagError
from multigen_core.bags.mcap_writer import Writer
from multigen_core.bags.reader import BagReader
from multigen_core.bags.typestore import FACTORY, typestore
from multigen_core.bags.writer import absolute_name, bag_qos
from multigen_core.contract import Topic

Entry = tuple[Topic, Any, int]
"""Topic, core item (or a ready rosbags message) and bag time [ns]."""


def substitute(
    bag: BagReader,
    target: Path,
    topics: Iterable[Topic],
    entries: Iterable[Entry],
    metadata: Mapping[str, object],
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Copy a bag with `entries` in place of its messages on `topics`; all others are unchanged.

    Args:
        bag: to copy, including topics outside the contract.
        target: folder of the copy, which must not exist; written completely or not at all.
        topics: to replace, or to add in the namespace of the bag's other topics.
        entries: on `topics`, in order of time.
        metadata: replaces or extends the bag's own.
        progress: receives the number of messages copied.

    Raises:
        BagError: the target exists or cannot be written, or the bag is damaged.
    """
    target = Path(os.path.normpath(target))
    if target.exists():
        raise BagError(f"bag {target}: already exists; choose another name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # In a folder of its own, because a bag's files are named after the bag's.
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=f".{target.name}.", ignore_cleanup_errors=True
        ) as folder:
            part = Path(folder, target.name)
            _write(part, bag, tuple(topics), entries, metadata, progress)
            part.rename(target)
    except (OSError, WriterError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BagError(f"bag {target}: cannot be written: {reason}") from error


def _write(
    path: Path,
    bag: BagReader,
    topics: tuple[Topic, ...],
    entries: Iterable[Entry],
    metadata: Mapping[str, object],
    progress: Callable[[int], None],
) -> None:
    store = typestore()
    with Writer(path) as writer:
        replaced = {name for topic in topics if (name := bag.name_of(topic))}
        kept = {c.key: writer.add_copy(c) for c in bag.connections if c.topic not in replaced}
        new = {
            topic.name: writer.add_connection(
                bag.name_of(topic) or absolute_name(topic, bag.namespace),
                topic.type,
                typestore=store,
                offered_qos_profiles=[bag_qos(topic.publish)],
            )
            for topic in topics
        }
        for key, value in {**bag.metadata, **metadata}.items():
            writer.set_custom_data(key, str(value))

        def old() -> Iterator[tuple[int, Connection, bytes | memoryview]]:
            for connection, time, data in bag.everything():
                if copy := kept.get(connection.key):
                    yield time, copy, data

        def added() -> Iterator[tuple[int, Connection, bytes | memoryview]]:
            for topic, item, time in entries:
                ready = hasattr(item, "__msgtype__")
                message = item if ready else messages.encode(topic.type, item, FACTORY)
                yield time, new[topic.name], store.serialize_cdr(message, topic.type)

        merged = heapq.merge(old(), added(), key=lambda entry: entry[0])
        for done, (time, connection, data) in enumerate(merged, 1):
            writer.write(connection, time, data)
            if done % 500 == 0:
                progress(done)
