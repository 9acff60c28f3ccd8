"""A `<node>` with its substitutions resolved."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from multigen_launch.parameters import Value, parameters_yaml
from multigen_launch.process_plan import ProcessPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan(ProcessPlan):
    """A ROS node's process."""

    package: str
    executable: Path
    arguments: tuple[str, ...]
    name: str | None
    namespace: str | None
    parameters: tuple[Path | dict[str, Value], ...]
    """Parameter files and inline values; later ones override earlier ones."""

    remappings: tuple[tuple[str, str], ...]

    @property
    def values(self) -> dict[str, Value]:
        """All inline parameters, merged."""
        return {
            name: value
            for block in self.parameters
            if isinstance(block, dict)
            for name, value in block.items()
        }

    def prepare(self, directory: Path) -> list[str]:
        return self.command(self.parameter_files(directory))

    def parameter_files(self, directory: Path) -> list[Path]:
        """Write the inline parameters to `directory`; return all files in order."""
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
        """The command line, in the order of ROS 2's launch."""
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
        """The command as one shell line, with inline parameters instead of their files."""
        parameters = []
        for block in self.parameters:
            if isinstance(block, dict):
                for name, value in block.items():
                    parameters += ["-p", f"{name}:={json.dumps(value, ensure_ascii=False)}"]
            else:
                parameters += ["--params-file", str(block)]
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        return shlex.join([*environment, *self._command(parameters)])
