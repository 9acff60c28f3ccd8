"""A launch file with its arguments resolved; nothing is started."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_launch.node_plan import NodePlan
from multigen_launch.process_plan import ProcessPlan


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """The processes of a launch file, in start order; they stop in reverse order."""

    processes: tuple[ProcessPlan, ...]

    @property
    def nodes(self) -> tuple[NodePlan, ...]:
        """The processes that are nodes."""
        return tuple(plan for plan in self.processes if isinstance(plan, NodePlan))

    def node(self, executable: str) -> NodePlan:
        """The only node with an executable; KeyError if there is none or several."""
        found = [node for node in self.nodes if node.executable.name == executable]
        if len(found) != 1:
            raise KeyError(f"{len(found)} nodes run {executable}")
        return found[0]

    def describe(self) -> str:
        """One block per process: label, effect of its exit, command."""
        return "\n".join(
            f"[{plan.label}]{plan.fate}\n    {plan.describe()}" for plan in self.processes
        )
