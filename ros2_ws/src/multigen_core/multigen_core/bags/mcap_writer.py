"""Writing a bag's MCAP file with checksums, and its metadata.yaml."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import mcap.writer
from rosbags import interfaces, rosbag2
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2.enums import CompressionMode

from multigen_core.bags.connection import Connection
from multigen_core.bags.typestore import typestore

_LOG = logging.getLogger(__name__)


class McapStorage:
    """The rosbags library's storage, written by the mcap library: with checksums of every chunk.

    Chunks are not compressed: pictures are jpeg already, and what a kill cuts off stays readable.
    """

    def __init__(self, path: Path, _: CompressionMode) -> None:
        self.path = path / f"{path.name}.mcap"
        self._file = self.path.open("xb")
        self._mcap = mcap.writer.Writer(self._file, compression=mcap.writer.CompressionType.NONE)
        self._mcap.start(profile="ros2")
        self._schemas: dict[tuple[str, str], int] = {}
        self._channels: dict[int, int] = {}

    def add_msgtype(self, connection: interfaces.Connection) -> None:
        """Types are added with their connections."""

    def add_connection(self, connection: interfaces.Connection, offered_qos_profiles: str) -> None:
        """Describe a topic and, once, its type."""
        name, definition = connection.msgtype, connection.msgdef
        encoding = "ros2msg"
        if definition.format is interfaces.MessageDefinitionFormat.IDL:
            encoding = "ros2idl"
        key = name, definition.data
        if key not in self._schemas:
            data = definition.data.encode()
            self._schemas[key] = self._mcap.register_schema(name, encoding, data)
        self._channels[connection.id] = self._mcap.register_channel(
            connection.topic,
            "cdr",
            self._schemas[key],
            {
                "offered_qos_profiles": offered_qos_profiles,
                "topic_type_hash": connection.digest,
            },
        )

    def write(
        self, connection: interfaces.Connection, timestamp: int, data: bytes | memoryview
    ) -> None:
        """Write a message."""
        self._mcap.add_message(self._channels[connection.id], timestamp, bytes(data), timestamp)

    def flush(self) -> None:
        """End the chunk and bring everything so far to the disk."""
        self._mcap.flush()  # type: ignore[no-untyped-call]
        os.fdatasync(self._file.fileno())

    def close(self, version: int, metadata: str) -> None:
        """Write the index, and metadata.yaml's text as rosbag2 does."""
        self._mcap.add_metadata("rosbag2", {"serialized_metadata": metadata})
        self._mcap.finish()  # type: ignore[no-untyped-call]
        self._file.close()

    def abort(self) -> None:
        """Leave the file as a kill would."""
        self._file.close()


class Writer(rosbag2.Writer):
    """The rosbags library's writer of bags, on McapStorage."""

    STORAGE_PLUGINS = {StoragePlugin.MCAP: McapStorage}  # noqa: RUF012
    storage: McapStorage | None

    def __init__(self, path: Path) -> None:
        super().__init__(path, version=9, storage_plugin=StoragePlugin.MCAP)

    def add_copy(self, connection: Connection) -> interfaces.Connection | None:
        """The topic of another bag in this one; None, and told in the log, if it cannot be."""
        store, name = typestore(), self.path.name
        try:
            profiles = connection.qos_profiles()
        except ValueError as error:
            _LOG.warning("bag %s: leaves out the QoS of %s: %s", name, connection.topic, error)
            profiles = []
        known = connection.definition and connection.digest
        if not known and connection.type not in store.types:
            _LOG.warning("bag %s: leaves out %s: no definition of its type", name, connection.topic)
            return None
        return self.add_connection(
            connection.topic,
            connection.type,
            typestore=store,
            msgdef=connection.definition if known else None,
            rihs01=connection.digest if known else None,
            offered_qos_profiles=profiles,
        )
