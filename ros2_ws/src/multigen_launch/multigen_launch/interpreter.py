"""Evaluates launch files to plans, with the scoping of ROS 2's launch.

As there, arguments of an include, and what it sets, stay visible after it; changes in a group are
local. Unlike there, `$(dirname)` after an include is that of the including file again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from multigen_launch import document, genuine
from multigen_launch.arguments import Argument, declared, refuse_unknown
from multigen_launch.command_line import split
from multigen_launch.document import Element
from multigen_launch.errors import LaunchError
from multigen_launch.grammar import OUTPUTS
from multigen_launch.names import is_node_name
from multigen_launch.node_plan import NodePlan
from multigen_launch.packages import executable_of
from multigen_launch.parameters import Value, value_of
from multigen_launch.plan import LaunchPlan
from multigen_launch.process_plan import ProcessPlan
from multigen_launch.python_include import PythonInclude
from multigen_launch.scope import Scope
from multigen_launch.substitutions import condition, parse, perform


def resolve(path: str | Path, arguments: Mapping[str, str] | None = None) -> LaunchPlan:
    """The plan of a launch file with `arguments`; starts nothing except `$(command …)`.

    Raises:
        LaunchError: the file, an include, or an argument is invalid; one line.
    """
    path, given = Path(path).absolute(), dict(arguments or {})
    known, complete = declared(path)
    if complete:
        refuse_unknown(given, known)
    interpreter = _Interpreter(known)
    scope = Scope(dict(given), dict(os.environ), path.parent)
    interpreter.run_file(path, scope, given)
    refuse_unknown(given, interpreter.known)
    return LaunchPlan(tuple(interpreter.processes))


class _Interpreter:
    def __init__(self, known: Mapping[str, Argument]) -> None:
        self.known = dict(known)
        self.processes: list[ProcessPlan] = []

    def run_file(self, path: Path, scope: Scope, passed: Collection[str]) -> None:
        root = document.load(path)
        for element in root.children:
            if element.tag == "arg" and not {"if", "unless"} & element.attributes.keys():
                argument = Argument.of(element)
                if argument.default is None and argument.name not in passed:
                    argument.settle(Scope({}, {}, scope.directory))
        before, scope.directory = scope.directory, path.parent
        self._run_all(root, scope)
        scope.directory = before

    def _run_all(self, parent: Element, scope: Scope) -> None:
        for element in parent.children:
            if self._applies(element, scope):
                self._run(element, scope)

    def _applies(self, element: Element, scope: Scope) -> bool:
        for name, wanted in (("if", True), ("unless", False)):
            if (text := element.get(name)) is not None:
                return condition(self._text(text, scope, element), element.where) is wanted
        return True

    def _text(self, raw: str, scope: Scope, element: Element) -> str:
        return perform(parse(raw, element.where), scope, element.where)

    def _run(self, element: Element, scope: Scope) -> None:
        def text(name: str) -> str:
            return self._text(element.attributes[name], scope, element)

        match element.tag:
            case "arg":
                argument = Argument.of(element)
                self.known[argument.name] = argument
                argument.settle(scope)
            case "let":
                scope.configurations[text("name")] = text("value")
            case "set_env":
                scope.environment[text("name")] = text("value")
            case "push-ros-namespace":
                scope.push_namespace(text("namespace"), element.where)
            case "group":
                self._run_all(element, scope.nested())
            case "include":
                self._include(element, Path(text("file")), scope)
            case "node":
                self.processes.append(self._node(element, scope))

    def _include(self, element: Element, file: Path, scope: Scope) -> None:
        python = file.suffix == ".py"
        if python and not genuine.available():
            raise LaunchError(
                f"{element.where}: {file.name} is a Python launch file: it needs ROS 2's own "
                "launch system, found in a full ROS 2 installation (docker/ has one)"
            )
        passed = {
            self._text(child.attributes["name"], scope, child): self._text(
                child.attributes["value"], scope, child
            )
            for child in element.of("arg")
        }
        if not file.is_file():
            raise LaunchError(f"{element.where}: no launch file {file}")
        if python:
            self.processes.append(self._python_include(element, file.absolute(), passed, scope))
            return
        scope.configurations.update(passed)
        self.run_file(file.absolute(), scope, passed)

    def _python_include(
        self, element: Element, file: Path, passed: dict[str, str], scope: Scope
    ) -> PythonInclude:
        return PythonInclude(
            label=self._label(file.name),
            file=file,
            arguments=passed,
            namespace=scope.namespace_of(None, element.where),
            environment=_difference(scope.environment),
            patience=scope.patience(element.where),
        )

    def _label(self, name: str) -> str:
        return f"{name}-{len(self.processes) + 1}"

    def _node(self, element: Element, scope: Scope) -> NodePlan:
        def text(name: str) -> str | None:
            raw = element.get(name)
            return None if raw is None else self._text(raw, scope, element)

        name, output = text("name"), text("output") or "log"
        if name is not None and not is_node_name(name):
            raise LaunchError(f"{element.where}: {name!r} is not a valid node name")
        if output not in OUTPUTS:
            raise LaunchError(f"{element.where}: output is {output!r}; known: {', '.join(OUTPUTS)}")
        package, program = text("pkg") or "", text("exec") or ""
        executable = executable_of(package, program, element.where)
        environment = _difference(scope.environment)
        environment |= self._pairs(element, "env", "name", "value", scope)
        return NodePlan(
            label=self._label(executable.name),
            package=package,
            executable=executable,
            arguments=tuple(split(element.get("args") or "", scope, element.where)),
            name=name,
            namespace=scope.namespace_of(text("namespace"), element.where),
            parameters=tuple(self._parameters(element, scope)),
            remappings=tuple(self._pairs(element, "remap", "from", "to", scope)),
            environment=environment,
            output=output,
            essential=element.get("on_exit") == "shutdown",
            respawn_delay=(
                float(element.get("respawn_delay") or 0)
                if condition(text("respawn") or "false", element.where)
                else None
            ),
            patience=scope.patience(element.where),
        )

    def _pairs(
        self, element: Element, tag: str, first: str, second: str, scope: Scope
    ) -> list[tuple[str, str]]:
        return [
            (
                self._text(child.attributes[first], scope, child),
                self._text(child.attributes[second], scope, child),
            )
            for child in element.of(tag)
        ]

    def _parameters(self, element: Element, scope: Scope) -> list[Path | dict[str, Value]]:
        blocks: list[Path | dict[str, Value]] = []
        for child in element.of("param"):
            if (source := child.get("from")) is not None:
                blocks.append(self._parameter_file(source, scope, child))
                continue
            name = self._text(child.attributes["name"], scope, child)
            raw, kind = child.attributes["value"], child.get("type")
            value = value_of(
                raw, kind, partial(self._text, scope=scope, element=child), child.where
            )
            if not (blocks and isinstance(blocks[-1], dict)):
                blocks.append({})
            blocks[-1][name] = value  # type: ignore[index]
        return blocks

    def _parameter_file(self, source: str, scope: Scope, element: Element) -> Path:
        path = Path(self._text(source, scope, element))
        if not path.is_file():
            raise LaunchError(f"{element.where}: no parameter file {path}")
        return path


def _difference(environment: Mapping[str, str]) -> dict[str, str]:
    """The difference from this process's environment."""
    return {key: value for key, value in environment.items() if os.environ.get(key) != value}
