"""Message types as the rosbags library knows them: ROS 2 Jazzy's and those of the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.base import normalize_fieldname
from rosbags.typesys.store import Typestore

from multigen_core.config.yaml_file import share_directory
from multigen_core.messages import MessageError

PACKAGES = ("audio_common_msgs", "multigen_interfaces")
"""Packages whose types Jazzy's common interfaces lack; read from their installed share folders."""


@cache
def typestore() -> Typestore:
    """Every type of the contract.

    Raises:
        ConfigError: the workspace is not sourced.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    for package in PACKAGES:
        for path in sorted((share_directory(package) / "msg").glob("*.msg")):
            name = f"{package}/msg/{path.stem}"
            store.register(get_types_from_msg(path.read_text(encoding="utf-8"), name))
    return store


@cache
def type_hash(name: str) -> str:
    """The RIHS01 hash of a type such as sensor_msgs/msg/Image, equal to that of live endpoints."""
    return typestore().hash_rihs01(name)


def deserialize(data: bytes, name: str) -> Any:
    """The message of type `name` that was serialized as `data`.

    Raises:
        MessageError: it is none.
    """
    try:
        return typestore().deserialize_cdr(data, name)
    except Exception as error:  # whatever the library stumbles over in damaged data
        reason = str(error) or type(error).__name__
        raise MessageError(f"{len(data)} bytes are no {name} ({reason})") from error


@dataclass(frozen=True)
class _Field:
    """A field of a message: its name, and how rosbags describes it."""

    name: str
    kind: Nodetype
    detail: Any

    @cached_property
    def dtype(self) -> np.dtype[Any] | None:
        """Of a sequence of numbers; None for anything else."""
        if self.kind not in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            return None
        kind, detail = self.detail[0]
        if kind != Nodetype.BASE or detail[0] == "string":
            return None
        octets = {"byte": "uint8", "octet": "uint8", "char": "uint8"}
        return np.dtype(octets.get(detail[0], detail[0]))

    def empty(self) -> Any:
        """Its default value."""
        if self.kind == Nodetype.BASE:
            base = self.detail[0]
            return "" if base == "string" else False if base == "bool" else 0
        if self.kind == Nodetype.NAME:
            return FACTORY.new(self.detail)
        element, length = self.detail
        count = length if self.kind == Nodetype.ARRAY else 0
        if self.dtype is not None:
            return np.zeros(count, self.dtype)
        return [_Field(self.name, *element).empty() for _ in range(count)]

    def fitted(self, value: Any) -> Any:
        """`value` in the form rosbags serializes: numbers in arrays of the right type."""
        if self.kind in (Nodetype.BASE, Nodetype.NAME):
            return value
        return list(value) if self.dtype is None else np.ascontiguousarray(value, self.dtype)


@cache
def _fields(name: str) -> tuple[_Field, ...]:
    """The fields of a type."""
    nodes = typestore().fielddefs[name][1]
    return tuple(_Field(normalize_fieldname(field), *node) for field, node in nodes)


class BagFactory:
    """The core's MessageFactory for bags: builds messages of the rosbags library."""

    def new(self, name: str, /, **values: Any) -> Any:
        """A message of type `name`; fields left out are zero, empty or False.

        Raises:
            TypeError: the type has no such field.
        """
        arguments = {
            field.name: field.fitted(values.pop(field.name))
            if field.name in values
            else field.empty()
            for field in _fields(name)
        }
        return typestore().types[name](**arguments, **values)

    def octets(self, buffer: bytes | memoryview) -> NDArray[np.uint8]:
        return np.frombuffer(buffer, np.uint8)

    def doubles(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values, float)


FACTORY = BagFactory()
