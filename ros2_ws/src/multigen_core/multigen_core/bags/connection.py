"""A topic as a bag describes it, and whether its messages can be read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mcap.records import Channel, Schema
from rosbags.interfaces import Qos
from rosbags.rosbag2.metadata import parse_qos
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

Key = tuple[str, str, str]
"""Topic, type and type hash: what is the same in several files is one connection."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One topic of a bag.

    `definition` is the text of its type and `digest` that type's RIHS01 hash, both empty where the
    bag does not tell; `qos` the offered profiles as YAML; `foreign` says why the messages cannot be
    read, and is empty if they can.
    """

    topic: str
    type: str
    count: int
    definition: str = ""
    digest: str = ""
    qos: str = ""
    foreign: str = ""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.topic, self.type, self.digest

    def qos_profiles(self) -> list[Qos]:
        """The offered profiles.

        Raises:
            ValueError: the bag's text cannot be read.
        """
        try:
            return parse_qos(self.qos)
        except Exception as error:  # whatever the library stumbles over in a foreign text
            raise ValueError(f"it cannot be read ({type(error).__name__})") from error


def connection_of(channel: Channel, schema: Schema | None, count: int) -> Connection:
    """The topic that an MCAP channel holds, with `count` messages."""
    name = schema.name if schema else ""
    qos = channel.metadata.get("offered_qos_profiles", "")
    definition = digest = foreign = ""
    try:
        if channel.message_encoding != "cdr":
            raise ValueError(f"its messages are {channel.message_encoding or 'of no encoding'!r}")
        if schema is None or not schema.data:
            raise ValueError("it has no definition of its type")
        definition = schema.data.decode()
        digest = _type_hash(schema.encoding, name, definition)
    except ValueError as error:
        foreign = " ".join(str(error).split())
    return Connection(channel.topic, name, count, definition, digest, qos, foreign)


@lru_cache(maxsize=256)
def _type_hash(encoding: str, name: str, definition: str) -> str:
    """The RIHS01 hash of a type from its definition.

    Raises:
        ValueError: it is none that ROS 2 knows.
    """
    readers = {
        "ros2msg": lambda text: get_types_from_msg(text, name),
        "ros2idl": get_types_from_idl,
    }
    if encoding not in readers:
        raise ValueError(f"its definition is {encoding!r}, neither ros2msg nor ros2idl")
    store = get_typestore(Stores.EMPTY)
    try:
        store.register(readers[encoding](definition))
        return store.hash_rihs01(name)
    except Exception as error:  # whatever the library stumbles over in a foreign text
        raise ValueError(
            f"its definition of {name} cannot be read ({type(error).__name__})"
        ) from error
