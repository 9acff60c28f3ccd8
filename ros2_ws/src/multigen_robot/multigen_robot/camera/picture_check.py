"""Detects black and frozen images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import to_nanoseconds

_STRIDE = 8
_BLACK_MEAN = 10.0
_BLACK_SPREAD = 5.0


class PictureCheck:
    """Tracks how long images have been black or unchanged.

    Sensor noise changes every image, so identical images come from a device that hangs.
    """

    def __init__(self, patience: float = 1.0) -> None:
        self._patience = to_nanoseconds(patience)
        self._previous: NDArray[np.uint8] | None = None
        self._bright_at: int | None = None
        self._changed_at: int | None = None
        self._newest = 0

    def add(self, rgb: NDArray[np.uint8], now: int) -> None:
        """Check an image (H, W, 3) received at `now` [ns]."""
        sample = rgb[::_STRIDE, ::_STRIDE].copy()
        black = sample.mean() < _BLACK_MEAN and sample.std() < _BLACK_SPREAD
        if not black or self._bright_at is None:
            self._bright_at = now
        same = self._previous is not None and np.array_equal(sample, self._previous)
        if not same or self._changed_at is None:
            self._changed_at = now
        self._previous = sample
        self._newest = now

    @property
    def fault(self) -> str:
        """The fault of the images; empty if there is none."""
        if self._bright_at is not None and self._newest - self._bright_at > self._patience:
            return "images are black; is the lens covered?"
        if self._changed_at is not None and self._newest - self._changed_at > self._patience:
            return "the image is frozen"
        return ""
