"""Finds and measures cameras."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from multigen_core.cli.doctor import Finding, State
from multigen_core.errors import MultigenError
from multigen_core.types import CameraFrame
from multigen_robot.camera.formats import camera_formats
from multigen_robot.camera.source import CameraConfig
from multigen_robot.camera.stream import CameraStream
from multigen_robot.doctor.sampling import Sampling, sample

_SLOW = 0.9
"""Share of the promised rate below which a camera is slow."""
_UNEVEN = 0.02
"""Standard deviation of arrival intervals [s] above which they are uneven."""


def find_cameras() -> Finding:
    """Video devices and whether they may be opened."""
    cameras = sorted(map(str, Path("/dev").glob("video*")))
    closed = [camera for camera in cameras if not os.access(camera, os.R_OK | os.W_OK)]
    if closed:
        return Finding(
            "cameras", State.NOTE, f"no access to {', '.join(closed)}", "join the group video"
        )
    if not cameras:
        return Finding("cameras", State.NOTE, "none", "plug one in, or use camera_device:=FILE")
    return Finding("cameras", State.FINE, ", ".join(cameras))


def measure_camera(device: str, seconds: float) -> Iterator[Finding]:
    """Formats that a camera offers, and format, rate, regularity and age of its images."""
    if offered := "; ".join(map(str, camera_formats(device))):
        values = {"formats": offered}
        yield Finding(f"formats of camera {device}", State.FINE, offered, values=values)
    try:
        sampling: Sampling[CameraFrame] = sample(
            lambda deliver, report: CameraStream(
                CameraConfig(device), time.monotonic_ns, deliver, report
            ),
            seconds,
        )
    except MultigenError as error:
        yield Finding(f"camera {device}", State.BROKEN, str(error), "multigen doctor lists cameras")
        return
    subject, status = f"camera {device}", sampling.status
    if len(sampling.items) < 2:
        reason = "; ".join(sampling.complaints) or f"{len(sampling.items)} images"
        yield Finding(subject, State.BROKEN, reason, "check the cable and try another port")
        return
    intervals = np.diff(sampling.arrivals)
    rate, jitter = 1 / float(np.mean(intervals)), float(np.std(intervals))
    figures: dict[str, float | str] = {
        "width": status.width,
        "height": status.height,
        "pixel_format": status.pixel_format,
        "rate": rate,
        "jitter": jitter,
        "longest_interval": float(intervals.max()),
        "drops": status.drops,
        "driver_age": status.driver_age,
        "brightness": float(np.mean([frame.rgb.mean() for frame in sampling.items[::10]])),
    }
    age = "" if np.isnan(status.driver_age) else f", {1e3 * status.driver_age:.0f} ms old"
    detail = (
        f"{status.width}×{status.height} {status.pixel_format.strip()} at {rate:.1f} Hz "
        f"± {1e3 * jitter:.0f} ms{age}"
    )
    remedy = _advice(status.error, rate, jitter)
    if status.error:
        detail = f"{detail}; {status.error}"
    yield Finding(
        subject,
        State.BROKEN if status.error else State.NOTE if remedy else State.FINE,
        detail,
        remedy,
        figures,
    )


def _advice(error: str, rate: float, jitter: float) -> str:
    if "black" in error:
        return "take off the lens cap, open the privacy shutter or turn on a light"
    if "frozen" in error:
        return "unplug the camera and plug it in again"
    if rate < 10 * _SLOW:
        return (
            "a policy decides ten times a second: turn on light (dim light lengthens exposures), "
            "ask for pixel_format:=mjpeg or a smaller image"
        )
    if jitter > _UNEVEN:
        return "images come unevenly: use a USB port of its own, or a cable instead of a radio"
    return ""
