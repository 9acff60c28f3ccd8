"""What the guard decides, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.rules import Rule


@dataclass(frozen=True, slots=True)
class Now:
    """A moment on the graph's clock and on a steady clock [ns]."""

    ros: int
    steady: int


class Duty(StrEnum):
    """What a guard answers for, which must outlive its process."""

    NONE = "none"
    """Nothing: it has been sent no command, or the vessel stands upright in silence."""

    ARM = "arm"
    """The arm: a tilted vessel is returned upright in silence."""

    STOP = "stop"
    """A stop, until it is reset."""


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
