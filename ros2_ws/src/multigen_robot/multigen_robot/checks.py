"""Checks of real devices for `multigen doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from serial.tools import list_ports

from multigen_core.cli.doctor import Finding, State
from multigen_robot.microphone.device import input_devices


def checks() -> Iterator[Finding]:
    """Cameras, microphones and serial ports; simulation needs none of them."""
    cameras = sorted(map(str, Path("/dev").glob("video*")))
    closed = [camera for camera in cameras if not os.access(camera, os.R_OK | os.W_OK)]
    yield _devices(
        "cameras", cameras, "plug one in, or use camera_device:=FILE", closed, "the group video"
    )
    yield _devices(
        "microphones",
        [f"{index}: {name}" for index, name in input_devices().items()],
        "plug one in, or use microphone_device:=FILE",
    )
    ports = sorted(port.device for port in list_ports.comports())
    closed = [port for port in ports if not os.access(port, os.R_OK | os.W_OK)]
    yield _devices("serial ports", ports, "for a scale only", closed, "the group dialout")


def _devices(
    subject: str, found: list[str], remedy: str, closed: list[str] | None = None, group: str = ""
) -> Finding:
    if closed:
        return Finding(subject, State.NOTE, f"no access to {', '.join(closed)}", f"join {group}")
    if not found:
        return Finding(subject, State.NOTE, "none", remedy)
    return Finding(subject, State.FINE, ", ".join(found))
