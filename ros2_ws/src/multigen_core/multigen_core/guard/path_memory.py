"""The way an arm has come, as geometry without time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPACING = 0.03
"""How far apart remembered poses are at first, in their most different joint [rad]."""
CAPACITY = 2000
"""Remembered poses; a path this long is many times any pour."""


class PathMemory:
    """Poses passed since `restart`, with loops erased.

    Where the arm comes back to within the spacing of an earlier pose, what lies between is
    forgotten, so that going back along the path never repeats a motion to and fro. When the memory
    is full it keeps every second pose and doubles the spacing.
    """

    def __init__(self, positions: NDArray[np.float64], capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self.restart(positions)

    def restart(self, positions: NDArray[np.float64]) -> None:
        """Forget the path and begin at `positions` [rad], (J,)."""
        self._poses = np.empty((self._capacity, len(positions)))
        self._poses[0] = positions
        self._count = 1
        self._spacing = SPACING

    @property
    def poses(self) -> NDArray[np.float64]:
        """Remembered poses [rad] from the first to the newest, (N, J), N ≥ 1."""
        return self._poses[: self._count].copy()

    def add(self, positions: NDArray[np.float64]) -> bool:
        """Pass `positions` [rad], (J,); returns whether a new pose was remembered."""
        near = np.abs(self._poses[: self._count] - positions).max(axis=1) < self._spacing
        if near.any():
            self._count = int(near.argmax()) + 1
            return False
        if self._count == self._capacity:
            kept = self.poses[::2]
            self._count = len(kept)
            self._poses[: self._count] = kept
            self._spacing *= 2
        self._poses[self._count] = positions
        self._count += 1
        return True
