"""Pauses between attempts to reach a device."""

from __future__ import annotations


class Backoff:
    """Pauses [s] that double from `first` to `longest`, until a success."""

    def __init__(self, first: float = 0.25, longest: float = 4.0) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def failed(self) -> float:
        """Time to wait now [s]."""
        pause, self._next = self._next, min(2 * self._next, self._longest)
        return pause

    def succeeded(self) -> None:
        """Reset to the shortest pause."""
        self._next = self._first
