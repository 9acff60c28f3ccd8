"""Base class of a launch file's processes: nodes and Python launch files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Patience(NamedTuple):
    """Time a process may take to exit on request, configured as in ROS 2's launch."""

    sigterm_timeout: float = 5.0
    """From SIGINT to SIGTERM [s]."""

    sigkill_timeout: float = 5.0
    """From SIGTERM to SIGKILL [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan(ABC):
    """One process to start, and the effect of its exit."""

    label: str
    """Label of the process in the output, `<executable>-<number>`."""

    environment: dict[str, str]
    """Differences from the launcher's environment."""

    patience: Patience
    output: str = "screen"
    essential: bool = False
    """Whether its exit stops everything (`on_exit="shutdown"`)."""

    respawn_delay: float | None = None
    """Delay of a restart after its exit [s] (`respawn="true"`); None: no restart. Its exit with
    `os.EX_CONFIG` stops everything instead."""

    @abstractmethod
    def prepare(self, directory: Path) -> list[str]:
        """Write the files it needs to `directory`; return its command line."""

    @abstractmethod
    def describe(self) -> str:
        """The command as one shell line."""

    @property
    def fate(self) -> str:
        """Effect of its exit, as text; empty if there is none."""
        if self.essential:
            return "  (its exit stops everything)"
        if self.respawn_delay is not None:
            return f"  (restarts {self.respawn_delay:g} s after its exit)"
        return ""
