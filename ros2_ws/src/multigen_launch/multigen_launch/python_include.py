"""An `<include>` of a Python launch file, run as a process by ROS 2's launch system."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from multigen_launch.process_plan import ProcessPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonInclude(ProcessPlan):
    """A separate `ros2 launch`, so that it starts and stops in order like a node."""

    file: Path
    arguments: dict[str, str]
    namespace: str | None

    def prepare(self, directory: Path) -> list[str]:
        """See the base class; arguments go in a file: the command line takes no empty ones."""
        path = directory / f"{self.label}.launch.xml"
        lines = [f"<arg name={_quoted(k)} value={_quoted(v)}/>" for k, v in self.arguments.items()]
        if self.namespace is not None:
            push = f"<push-ros-namespace namespace={_quoted(self.namespace)}/>\n"
        else:
            push = ""
        path.write_text(
            f"<launch>\n{push}<include file={_quoted(str(self.file))}>\n"
            + "\n".join(lines)
            + "\n</include>\n</launch>\n",
            encoding="utf-8",
        )
        return ["ros2", "launch", str(path)]

    def describe(self) -> str:
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        arguments = [f"{name}:={value}" for name, value in self.arguments.items()]
        return shlex.join([*environment, "ros2", "launch", str(self.file), *arguments])


def _quoted(text: str) -> str:
    """The text as an attribute without substitutions."""
    return quoteattr(text.replace("\\", "\\\\").replace("$(", "\\$("))
