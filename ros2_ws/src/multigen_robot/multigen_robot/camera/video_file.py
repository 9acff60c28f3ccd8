"""A video file played at its own rate, like a camera."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from multigen_robot.camera.source import CameraConfig, Source

_DEFAULT_RATE = 30.0


class VideoFile:
    """A source that gives each image when it is due and skips overdue ones.

    Args:
        config: the file, and whether to restart at its end.
        wait: sleeps for a number of seconds; returns true to stop.
    """

    def __init__(self, config: CameraConfig, wait: Callable[[float], bool]) -> None:
        self._config = config
        self._wait = wait
        self._source = Source(config)
        self.rate = self._source.rate or _DEFAULT_RATE
        self.pixel_format = self._source.pixel_format
        self.deviations: tuple[str, ...] = ()
        self._drops = 0
        self._begin()

    def _begin(self) -> None:
        self._start = time.monotonic()
        self._shown = 0

    def read(self) -> NDArray[np.uint8] | None:
        """The next image, RGB (H, W, 3), once it is due; None at the end."""
        while time.monotonic() > self._due + 1 / self.rate and self._source.skip():
            self._shown += 1
            self._drops += 1
        if self._wait(max(0.0, self._due - time.monotonic())):
            return None
        rgb = self._source.read()
        if rgb is None and self._config.loop and self._shown:
            self._source.close()
            self._source = Source(self._config)
            self._begin()
            rgb = self._source.read()
        self._shown += 1
        return rgb

    @property
    def _due(self) -> float:
        return self._start + self._shown / self.rate

    def age(self) -> float:
        """Unknown."""
        return self._source.age()

    def take_drops(self) -> int:
        """Images skipped since the last call."""
        drops, self._drops = self._drops, 0
        return drops

    def close(self) -> None:
        """Close the file."""
        self._source.close()
