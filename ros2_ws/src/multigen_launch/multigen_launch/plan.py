"""What a launch file comes to once its arguments are known; nothing has been started."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from multigen_launch.parameters import Value, parameters_yaml


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One process to start."""

    label: str
    """Names the process in the output, `<executable>-<number>`."""

    package: str
    executable: Path
    arguments: tuple[str, ...]
    name: str | None
    namespace: str | None
    parameters: tuple[Path | dict[str, Value], ...]
    """Parameter files and inline values, the later ones winning."""

    remappings: tuple[tuple[str, str], ...]
    environment: dict[str, str]
    """What differs from the launcher's own environment."""

    output: str
    essential: bool
    """Whether its exit stops everything (`on_exit="shutdown"`)."""

    respawn_delay: float | None
    """How long after its exit it is started again [s] (`respawn="true"`); None: never."""

    where: str

    @property
    def values(self) -> dict[str, Value]:
        """The inline parameters together."""
        return {
            name: value
            for block in self.parameters
            if isinstance(block, dict)
            for name, value in block.items()
        }

    @property
    def fate(self) -> str:
        """What its exit means, for people; empty if nothing."""
        if self.essential:
            return "  (its exit stops everything)"
        if self.respawn_delay is not None:
            return f"  (started again {self.respawn_delay:g} s after its exit)"
        return ""

    def parameter_files(self, directory: Path) -> list[Path]:
        """Write the inline parameters under `directory`; every file in order."""
        known = self.name and self.namespace
        node = f"{(self.namespace or '').rstrip('/')}/{self.name}" if known else "/**"
        files = []
        for index, block in enumerate(self.parameters):
            if isinstance(block, dict):
                path = directory / f"{self.label}_{index}.yaml"
                path.write_text(parameters_yaml(node, block), encoding="utf-8")
                files.append(path)
            else:
                files.append(block)
        return files

    def command(self, parameter_files: Sequence[Path]) -> list[str]:
        """The command line, in genuine launch's order."""
        parameters = [part for path in parameter_files for part in ("--params-file", str(path))]
        return self._command(parameters)

    def _command(self, parameters: Sequence[str]) -> list[str]:
        command = [str(self.executable), *self.arguments, "--ros-args"]
        if self.name is not None:
            command += ["-r", f"__node:={self.name}"]
        if self.namespace is not None:
            command += ["-r", f"__ns:={self.namespace}"]
        command += parameters
        for source, target in self.remappings:
            command += ["-r", f"{source}:={target}"]
        return command

    def describe(self) -> str:
        """The command as one line for a shell, its inline parameters in place of their files."""
        parameters = []
        for block in self.parameters:
            if isinstance(block, dict):
                for name, value in block.items():
                    parameters += ["-p", f"{name}:={json.dumps(value, ensure_ascii=False)}"]
            else:
                parameters += ["--params-file", str(block)]
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        return shlex.join([*environment, *self._command(parameters)])


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """The processes of a launch file, in the order they start."""

    nodes: tuple[NodePlan, ...]

    def node(self, executable: str) -> NodePlan:
        """The only node of an executable's name; KeyError if there is none or several."""
        found = [node for node in self.nodes if node.executable.name == executable]
        if len(found) != 1:
            raise KeyError(f"{len(found)} nodes run {executable}")
        return found[0]

    def describe(self) -> str:
        """One block per node: its label, what its exit means, its command."""
        return "\n".join(f"[{node.label}]{node.fate}\n    {node.describe()}" for node in self.nodes)
