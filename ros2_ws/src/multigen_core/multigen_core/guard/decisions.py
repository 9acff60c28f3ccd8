"""What the guard decides, and when."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.rules import Rule


@dataclass(frozen=True, slots=True)
class Now:
    """A moment on the graph's clock and on a steady clock [ns]."""

    ros: int
    steady: int


@dataclass(frozen=True, slots=True)
class Accept:
    """Forward `trajectory`."""

    trajectory: Trajectory


@dataclass(frozen=True, slots=True)
class Reject:
    """Forward nothing."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class Retreat:
    """Send `trajectory`, which brings the vessel upright."""

    trajectory: Trajectory
    reason: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Send `trajectory`, a hold; None where no position is known to hold."""

    trajectory: Trajectory | None
    reason: str
