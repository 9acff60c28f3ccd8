"""Measures the delay from a flashing screen to the arrival of a camera's images."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.cli.doctor import Finding, State
from multigen_core.errors import MultigenError
from multigen_core.types import CameraFrame
from multigen_robot.camera.source import CameraConfig
from multigen_robot.camera.stream import CameraStream

SCREEN = 0.02
"""Assumed delay of the terminal and the screen itself [s]."""
_FLASHES = 24
_SHORTEST, _LONGEST = 0.12, 0.4
"""Durations of light and dark [s]."""
_REACH = 1.0
"""Longest delay that is looked for [s]."""
_STEP = 0.001
_CLEAR = 0.7
"""Least correlation of light and image."""
_GRID = (12, 16)
_LIGHT, _DARK = "\x1b[48;5;231m\x1b[2J", "\x1b[48;5;16m\x1b[2J"
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[0m\x1b[?25h\x1b[?1049l"

Array = NDArray[np.float64]


def find_delay(switches: Array, arrivals: Array, brightness: Array) -> tuple[float, float]:
    """Delay [s] of images behind a light that changes at `switches` (S,), and the correlation.

    The light goes on first. `brightness` (N, B): of parts of the images that arrived at `arrivals`
    (N,); the part that follows the light best counts. All times in steady seconds.
    """
    lags = np.arange(0.0, _REACH, _STEP)
    spread = brightness.std(axis=0)
    parts = brightness[:, spread > 0] - brightness[:, spread > 0].mean(axis=0)
    if not parts.size:
        return float("nan"), 0.0
    parts /= np.sqrt((parts**2).sum(axis=0))
    scores = np.zeros((len(lags), parts.shape[1]))
    for row, lag in enumerate(lags):
        light = np.searchsorted(switches, arrivals - lag, side="right") % 2.0
        light -= light.mean()
        norm = np.sqrt((light**2).sum())
        if norm > 0:
            scores[row] = light @ parts / norm
    part = int(scores.max(axis=0).argmax())
    best = scores[:, part].max()
    # Between two images the delay is not determined: take the middle of what fits equally well.
    equal = np.flatnonzero(scores[:, part] > best - 1e-6)
    return float(lags[equal].mean()), float(best)


def measure_picture_latency(device: str) -> Iterator[Finding]:
    """Flash the terminal and watch it with the camera."""
    subject = "picture latency"
    if not sys.stdout.isatty():
        yield Finding(
            subject, State.NOTE, "not measured", "run it in a terminal that the camera sees"
        )
        return
    try:
        delay, clarity = watch(device, _show)
    except MultigenError as error:
        yield Finding(subject, State.BROKEN, str(error), "multigen doctor lists cameras")
        return
    finally:
        print(_LEAVE, end="", flush=True)
    if not clarity > _CLEAR:
        yield Finding(
            subject,
            State.BROKEN,
            f"the images do not follow the screen (correlation {clarity:.2f})",
            "point the camera at this terminal, enlarge it, and dim the light in the room",
        )
        return
    capture = max(delay - SCREEN, 0.0)
    yield Finding(
        subject,
        State.FINE if capture < 0.01 else State.NOTE,
        f"{1e3 * delay:.0f} ms from terminal to image, of which some {1e3 * SCREEN:.0f} ms are "
        "the screen's",
        f"set the camera's capture_latency: {capture:.3f}",
        {"delay": delay, "capture_latency": capture, "correlation": clarity},
    )


def _show(light: bool) -> None:
    sys.stdout.write(_LIGHT if light else _DARK)
    sys.stdout.flush()


def watch(device: str, show: Callable[[bool], None]) -> tuple[float, float]:
    """Delay [s] and correlation of a camera's images behind a light that `show` switches.

    Raises:
        MultigenError: the camera gives no images.
    """
    arrivals: list[float] = []
    views: list[Array] = []

    def take(frame: CameraFrame) -> None:
        arrivals.append(frame.stamp * 1e-9)
        grey = cv2.resize(frame.rgb, _GRID[::-1], interpolation=cv2.INTER_AREA).mean(axis=2)
        views.append(grey.ravel())

    rng = np.random.default_rng(0)
    switches = []
    stream = CameraStream(CameraConfig(device), time.monotonic_ns, take)
    try:
        deadline = time.monotonic() + 10.0
        while not arrivals and time.monotonic() < deadline:
            time.sleep(0.02)
        if not arrivals:
            raise MultigenError(f"camera {device}: {stream.status.error or 'no image'}")
        print(_ENTER + _DARK, end="", flush=True)
        time.sleep(_REACH)
        for index in range(_FLASHES):
            show(index % 2 == 0)
            switches.append(time.monotonic())
            time.sleep(rng.uniform(_SHORTEST, _LONGEST))
        time.sleep(_REACH)
    finally:
        stream.close()
    return find_delay(np.array(switches), np.array(arrivals), np.array(views))
