"""Message types as the rosbags library knows them: ROS 2 Jazzy's and those of the workspace."""

from __future__ import annotations

from functools import cache
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


def _empty(node: Any) -> Any:
    """The default value of a field described by a rosbags node."""
    kind, detail = node
    if kind == Nodetype.BASE:
        base = detail[0]
        return "" if base == "string" else False if base == "bool" else 0
    if kind == Nodetype.NAME:
        return FACTORY.new(detail)
    element, length = detail
    count = length if kind == Nodetype.ARRAY else 0
    if element[0] == Nodetype.BASE and element[1][0] != "string":
        return np.zeros(count, _dtype(element[1][0]))
    return [_empty(element) for _ in range(count)]


def _dtype(base: str) -> np.dtype[Any]:
    return np.dtype({"byte": "uint8", "octet": "uint8", "char": "uint8"}.get(base, base))


def _fitted(node: Any, value: Any) -> Any:
    """`value` in the form rosbags serializes: numeric sequences as arrays of the right type."""
    kind, detail = node
    if kind in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        element = detail[0]
        if element[0] == Nodetype.BASE and element[1][0] != "string":
            return np.ascontiguousarray(value, _dtype(element[1][0]))
        return list(value)
    return value


class BagFactory:
    """The core's MessageFactory for bags: builds messages of the rosbags library."""

    def new(self, name: str, /, **values: Any) -> Any:
        """A message of type `name`; fields left out are zero, empty or False.

        Raises:
            TypeError: the type has no such field.
        """
        store = typestore()
        cls, nodes = store.types[name], store.fielddefs[name][1]
        arguments = {
            field: _fitted(node, values.pop(field)) if field in values else _empty(node)
            for field, node in ((normalize_fieldname(name), node) for name, node in nodes)
        }
        return cls(**arguments, **values)

    def octets(self, buffer: bytes | memoryview) -> NDArray[np.uint8]:
        return np.frombuffer(buffer, np.uint8)

    def doubles(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values, float)


FACTORY = BagFactory()
