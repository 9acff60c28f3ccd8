"""What every process of a launch file has in common, be it a node or a Python launch file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Patience(NamedTuple):
    """How long a process that was asked to end may take, as genuine launch configures it."""

    sigterm_timeout: float = 5.0
    """From SIGINT to SIGTERM [s]."""

    sigkill_timeout: float = 5.0
    """From there to SIGKILL [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan(ABC):
    """One process to start, and how it ends."""

    label: str
    """Names the process in the output, `<executable>-<number>`."""

    environment: dict[str, str]
    """What differs from the launcher's own environment."""

    patience: Patience
    output: str = "screen"
    essential: bool = False
    """Whether its exit stops everything (`on_exit="shutdown"`)."""

    respawn_delay: float | None = None
    """How long after its exit it is started again [s] (`respawn="true"`); None: never."""

    @abstractmethod
    def prepare(self, directory: Path) -> list[str]:
        """Write the files it needs under `directory`; the command line that starts it."""

    @abstractmethod
    def describe(self) -> str:
        """The command as one line for a shell."""

    @property
    def fate(self) -> str:
        """What its exit means, for people; empty if nothing."""
        if self.essential:
            return "  (its exit stops everything)"
        if self.respawn_delay is not None:
            return f"  (started again {self.respawn_delay:g} s after its exit)"
        return ""
