"""Ledger of the liquid: volumes only move from one place to another."""

from __future__ import annotations

from enum import IntEnum


class Place(IntEnum):
    """Where liquid can be."""

    SOURCE = 0
    AIR = 1
    TARGET = 2
    SPILLED = 3


SOURCE, AIR, TARGET, SPILLED = Place


class Ledger:
    """Volumes [m^3] by place; only `move` changes them, so their sum is constant."""

    def __init__(self, source: float, target: float = 0.0) -> None:
        self._volumes = [source, 0.0, target, 0.0]

    def __getitem__(self, place: Place) -> float:
        return self._volumes[place]

    @property
    def total(self) -> float:
        """Sum over all places [m^3]."""
        return sum(self._volumes)

    def move(self, start: Place, end: Place, volume: float) -> float:
        """Move up to `volume` [m^3], never more than there is; return the volume moved."""
        moved = min(max(volume, 0.0), self._volumes[start])
        self._volumes[start] -= moved
        self._volumes[end] += moved
        return moved
