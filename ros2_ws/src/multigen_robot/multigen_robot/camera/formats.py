"""What a V4L2 camera offers: pixel formats, sizes and rates, as its driver lists them."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Requests of linux/videodev2.h, each with its structure: (layout, request number).
_FORMAT = struct.Struct("=III32s4sI12x"), 0xC0405602
_SIZE = struct.Struct("=I4sI6I8x"), 0xC02C564A
_INTERVAL = struct.Struct("=I4sIII6I8x"), 0xC034564B
_CAPTURE = 1
_DISCRETE = 1

Ioctl = Callable[[int, int, bytearray], object]
_Ask = Callable[[int, bytearray], object]


@dataclass(frozen=True, slots=True)
class CameraFormat:
    """A pixel format (V4L2's four characters) at a size [px], with its rates [Hz], fastest first.

    A driver that allows any size between two gives its smallest and its largest.
    """

    pixel_format: str
    width: int
    height: int
    rates: tuple[float, ...]

    def __str__(self) -> str:
        rates = "/".join(f"{rate:g}" for rate in self.rates)
        return f"{self.pixel_format.strip()} {self.width}×{self.height}" + (
            f" at {rates} Hz" if rates else ""
        )


def camera_formats(device: str, ioctl: Ioctl = fcntl.ioctl) -> tuple[CameraFormat, ...]:
    """The formats of a camera, given by index or path; none if it is no V4L2 device.

    Args:
        device: such as 0 or /dev/video0.
        ioctl: the system call, (file descriptor, request, argument to fill).
    """
    path = Path(f"/dev/video{device}" if device.isdigit() else device)
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return ()
    try:
        return tuple(_formats(lambda request, data: ioctl(handle, request, data)))
    finally:
        os.close(handle)


def _listed(ask: _Ask, kind: tuple[struct.Struct, int], *of: Any) -> Iterator[tuple[Any, ...]]:
    """The entries of one of the driver's lists; an error ends it."""
    layout, request = kind
    empty = layout.unpack(bytes(layout.size))
    for index in range(256):
        data = bytearray(layout.pack(index, *of, *empty[1 + len(of) :]))
        try:
            ask(request, data)
        except OSError:
            return
        yield layout.unpack(data)


def _formats(ask: _Ask) -> Iterator[CameraFormat]:
    for _, _, _, _, code, _ in _listed(ask, _FORMAT, _CAPTURE):
        for _, _, kind, *bounds in _listed(ask, _SIZE, code):
            sizes = [bounds[:2]] if kind == _DISCRETE else [bounds[0::3], bounds[1::3]]
            for width, height in sizes:
                rates = tuple(sorted(_rates(ask, code, width, height), reverse=True))
                yield CameraFormat(code.decode("latin1"), width, height, rates)
            if kind != _DISCRETE:
                break


def _rates(ask: _Ask, code: bytes, width: int, height: int) -> Iterator[float]:
    """Rates [Hz] of a format and size; of a range of rates, the fastest and the slowest."""
    for _, _, _, _, kind, *bounds in _listed(ask, _INTERVAL, code, width, height):
        pairs = [bounds[:2]] if kind == _DISCRETE else [bounds[0:2], bounds[2:4]]
        for seconds, per in pairs:
            if seconds:
                yield round(per / seconds, 2)
        if kind != _DISCRETE:
            return
