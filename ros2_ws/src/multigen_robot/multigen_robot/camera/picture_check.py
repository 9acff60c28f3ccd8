"""Notices pictures that show nothing: black ones, and ones that do not change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import to_nanoseconds

_STRIDE = 8
_BLACK_MEAN = 10.0
_BLACK_SPREAD = 5.0


class PictureCheck:
    """Tells how long pictures have been black or the same.

    A living sensor's noise changes every picture, so equal ones come from a device that hangs.
    """

    def __init__(self, patience: float = 1.0) -> None:
        self._patience = to_nanoseconds(patience)
        self._previous: NDArray[np.uint8] | None = None
        self._bright_at: int | None = None
        self._changed_at: int | None = None
        self._newest = 0

    def add(self, rgb: NDArray[np.uint8], now: int) -> None:
        """Look at a picture (H, W, 3) that came at `now` [ns]."""
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
        """What is wrong with the pictures; empty if nothing is."""
        if self._bright_at is not None and self._newest - self._bright_at > self._patience:
            return "pictures are black; is the lens covered?"
        if self._changed_at is not None and self._newest - self._changed_at > self._patience:
            return "the picture is frozen"
        return ""
