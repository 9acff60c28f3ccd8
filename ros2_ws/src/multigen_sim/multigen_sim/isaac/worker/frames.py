"""Frames between the backend and its worker: a JSON object and named arrays, nothing executable.

A frame is a fixed header (magic, protocol version, the sizes of both parts), the JSON object and
the arrays' bytes. The object describes the arrays under `arrays`: name, type and shape of each.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

VERSION = 1
"""Incremented whenever a request, a reply or this format changes."""
MOST_TEXT = 4 << 20
MOST_ARRAYS = 128 << 20
"""Largest parts of a frame [bytes]."""
_HEADER = struct.Struct("<4sHIQ")
_MAGIC = b"MGIS"
_TYPES = ("uint8", "int32", "int64", "float32", "float64")

Fields = dict[str, Any]
Arrays = dict[str, np.ndarray[Any, Any]]


class ProtocolError(Exception):
    """The other side sent what is not a frame of this version."""


class LostConnection(Exception):  # noqa: N818
    """The other side is gone."""


class Connection:
    """Sends and receives frames on a connected socket; one thread owns it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def send(
        self, fields: Mapping[str, Any], arrays: Mapping[str, Any] | None = None, limit: float = 4.0
    ) -> None:
        """Send a frame within `limit` [s].

        Raises:
            LostConnection: the other side is gone.
            TimeoutError: it does not read.
        """
        parts = {name: np.ascontiguousarray(value) for name, value in (arrays or {}).items()}
        listing = [[name, str(part.dtype), list(part.shape)] for name, part in parts.items()]
        text = json.dumps({**fields, "arrays": listing}, allow_nan=False).encode()
        payload = b"".join(part.tobytes() for part in parts.values())
        _check_sizes(len(text), len(payload))
        self._channel.settimeout(limit)
        try:
            header = _HEADER.pack(_MAGIC, VERSION, len(text), len(payload))
            self._channel.sendall(header + text + payload)
        except TimeoutError:
            raise
        except OSError as error:
            raise LostConnection(str(error)) from error

    def receive(
        self, limit: float | None = None, alive: Callable[[], bool] = lambda: True
    ) -> tuple[Fields, Arrays]:
        """The next frame: its fields and arrays. Waits `limit` [s], for ever by default.

        Raises:
            LostConnection: the other side is gone, or not `alive` any more.
            ProtocolError: the bytes are not a frame of this version.
            TimeoutError: nothing, or only part of a frame, came in time.
        """
        deadline = math.inf if limit is None else time.monotonic() + limit
        header = self._read(_HEADER.size, deadline, alive)
        magic, version, text_size, array_size = _HEADER.unpack(header)
        if magic != _MAGIC:
            raise ProtocolError("what arrived is not a frame of MultiGen's protocol")
        if version != VERSION:
            raise ProtocolError(f"protocol version {version} arrived, expected {VERSION}")
        _check_sizes(text_size, array_size)
        try:
            fields = json.loads(self._read(text_size, deadline, alive))
            listing = fields.pop("arrays")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProtocolError(f"a frame without a description of its arrays: {error}") from error
        return fields, _unpack(listing, self._read(array_size, deadline, alive))

    def close(self) -> None:
        """Close the socket."""
        self._channel.close()

    def _read(self, size: int, deadline: float, alive: Callable[[], bool]) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._channel.settimeout(min(left, 0.2))
            try:
                count = self._channel.recv_into(view)
            except TimeoutError:
                if not alive():
                    raise LostConnection("the process has ended") from None
                continue
            except OSError as error:
                raise LostConnection(str(error)) from error
            if count == 0:
                raise LostConnection("the connection was closed")
            view = view[count:]
        return bytes(data)


def _check_sizes(text: int, arrays: int) -> None:
    if text > MOST_TEXT or arrays > MOST_ARRAYS:
        raise ProtocolError(
            f"a frame of {text} + {arrays} bytes is larger than {MOST_TEXT} + {MOST_ARRAYS}"
        )


def _unpack(listing: Any, payload: bytes) -> Arrays:
    arrays: Arrays = {}
    start = 0
    try:
        for name, kind, shape in listing:
            if kind not in _TYPES or any(not isinstance(n, int) or n < 0 for n in shape):
                raise ProtocolError(f"array {name!r} of type {kind!r} and shape {shape!r}")
            count = math.prod(shape)
            end = start + count * np.dtype(kind).itemsize
            if end > len(payload):
                raise ProtocolError(f"array {name!r} is longer than its frame")
            arrays[name] = np.frombuffer(payload[start:end], kind).reshape(shape).copy()
            start = end
    except (ValueError, TypeError) as error:
        raise ProtocolError(f"a malformed description of arrays: {error}") from error
    if start != len(payload):
        raise ProtocolError(f"{len(payload) - start} bytes beyond the frame's arrays")
    return arrays
