"""Collects good, different views of a board that a person moves before a camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from multigen_core.files import write_atomic
from multigen_core.types import CameraFrame
from multigen_robot.calibration.board import Board, CalibrationError
from multigen_robot.calibration.views import BadViewError, View, find_view, is_new
from multigen_robot.camera.source import CameraConfig
from multigen_robot.camera.stream import CameraStream

_STILL = 0.004
"""Motion of the corners between images below this share of the width is rest."""


def capture(
    config: CameraConfig,
    board: Board,
    folder: Path,
    count: int,
    tell: Callable[[str], None],
    patience: float,
) -> None:
    """Save `count` views as PNG files in `folder`; `tell` receives what to do next.

    Raises:
        CalibrationError: no new view for `patience` seconds.
        MultigenError: the camera does not work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    newest: list[CameraFrame] = []
    came = threading.Event()

    def deliver(frame: CameraFrame) -> None:
        newest[:] = [frame]
        came.set()

    stream = CameraStream(
        config, time.monotonic_ns, deliver, lambda line, bad: tell(line) if bad else None
    )
    views: list[View] = []
    before: View | None = None
    deadline = time.monotonic() + patience
    try:
        while len(views) < count:
            if time.monotonic() > deadline:
                raise CalibrationError(
                    f"no new view in {patience:.0f} s, {len(views)} of {count} taken: move the "
                    "board between views and hold it still for a moment"
                )
            if not came.wait(0.1):
                continue
            came.clear()
            rgb = newest[0].rgb
            name = f"view_{len(views) + 1:02d}"
            try:
                view = find_view(rgb, board, name)
            except BadViewError as error:
                before = None
                tell(str(error))
                continue
            if before is not None and is_new(view, views) and _moved(view, before) < _STILL:
                png = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()
                write_atomic(folder / f"{name}.png", png)
                views.append(view)
                tell(f"{len(views)} of {count} taken; tilt the board, or move it to another place")
                deadline = time.monotonic() + patience
            before = view
    finally:
        stream.close()


def _moved(view: View, before: View) -> float:
    """Greatest motion of common corners relative to the image's width; infinite without any."""
    _, mine, its = np.intersect1d(view.numbers, before.numbers, return_indices=True)
    if not len(mine):
        return float("inf")
    moved = np.linalg.norm(view.pixels[mine] - before.pixels[its], axis=1)
    return float(moved.max() / view.size[0])
