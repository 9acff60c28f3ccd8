"""Launch arguments: declarations in a file, and checks of given values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from multigen_launch import document
from multigen_launch.document import Element
from multigen_launch.errors import LaunchError
from multigen_launch.scope import Scope
from multigen_launch.substitutions import parse, perform


@dataclass(frozen=True, slots=True)
class Argument:
    """A declared launch argument; `default` None means required."""

    name: str
    default: str | None
    description: str
    choices: tuple[str, ...]
    where: str

    @classmethod
    def of(cls, element: Element) -> Argument:
        """The declaration in an `<arg>`."""
        return cls(
            element.attributes["name"],
            element.get("default"),
            element.get("description") or "",
            tuple(choice.attributes["value"] for choice in element.of("choice")),
            element.where,
        )

    @property
    def computed(self) -> bool:
        """Whether it is a check and not a real argument: it has one allowed value and a default."""
        return len(self.choices) == 1 and self.default is not None

    def settle(self, scope: Scope) -> None:
        """Set the argument in `scope`, to its default if it is not given.

        Raises:
            LaunchError: it is required and missing, or not one of its choices.
        """
        given = self.name in scope.configurations
        if not given:
            if self.default is None:
                raise LaunchError(
                    f"{self.where}: argument {self.name!r} is required "
                    f"({self.description or 'no description'}): add {self.name}:=…"
                )
            value = perform(parse(self.default, self.where), scope, self.where)
            scope.configurations[self.name] = value
        value = scope.configurations[self.name]
        if self.choices and value not in self.choices:
            if self.computed and not given:
                raise LaunchError(f"{self.where}: {value}")
            raise LaunchError(
                f"{self.where}: argument {self.name!r} is {value!r}; "
                f"choices: {', '.join(choice or repr('') for choice in self.choices)}"
            )


def declared(path: Path) -> tuple[dict[str, Argument], bool]:
    """The arguments that a launch file and its includes declare, and whether these are all.

    They may not be all if an include's file depends on arguments. Arguments of Python launch files
    are not available on the command line: the including file decides what it passes on.

    Raises:
        LaunchError: a file is malformed.
    """
    found: dict[str, Argument] = {}
    return found, _collect(path.absolute(), found, frozenset())


def _collect(path: Path, found: dict[str, Argument], above: frozenset[Path]) -> bool:
    if path in above:
        raise LaunchError(f"{path}: includes itself")
    root = document.load(path)
    for element in document.arguments(root):
        found.setdefault(element.attributes["name"], Argument.of(element))
    complete = True
    for element in document.includes(root):
        if element.attributes["file"].endswith(".py"):
            continue
        try:
            scope = Scope({}, {}, path.parent)
            file = Path(perform(parse(element.attributes["file"], ""), scope, element.where))
        except LaunchError:
            complete = False
            continue
        complete &= _collect(path.parent / file, found, above | {path})
    return complete


def refuse_unknown(given: Iterable[str], known: Mapping[str, Argument]) -> None:
    """Reject undeclared arguments; ROS 2's launch would ignore them.

    Raises:
        LaunchError: names them, the closest match, and the declared ones.
    """
    names = sorted(name for name, argument in known.items() if not argument.computed)
    for name in given:
        if name in known:
            continue
        near = difflib.get_close_matches(name, names)
        best = min(near, key=lambda other: abs(len(other) - len(name)), default="")
        hint = f" (did you mean {best}?)" if best else ""
        raise LaunchError(
            f"unknown launch argument {name!r}{hint}; known: {', '.join(names) or 'none'}"
        )
