r"""Substitutions: `$(name argument …)` inside attributes.

The syntax is that of ROS 2's launch: arguments are separated by exactly one space, may be quoted
with ' or " and nested, and a backslash escapes the next character.
"""

from __future__ import annotations

import math
import re
import shlex
import subprocess
from dataclasses import dataclass

import yaml

from multigen_launch.errors import LaunchError
from multigen_launch.packages import share_of
from multigen_launch.scope import Scope

ARITY = {
    "var": (1, 1),
    "find-pkg-share": (1, 1),
    "dirname": (0, 0),
    "env": (1, 2),
    "equals": (2, 2),
    "not-equals": (2, 2),
    "not": (1, 1),
    "and": (2, 2),
    "or": (2, 2),
    "if": (2, 3),
    "command": (1, 1),
}
"""The known substitutions and their numbers of arguments."""


@dataclass(frozen=True, slots=True)
class Call:
    """One `$(name argument …)`."""

    name: str
    arguments: tuple[Template, ...]


Template = tuple["str | Call", ...]


class _Parser:
    def __init__(self, text: str, where: str) -> None:
        self._text, self._where, self._at = text, where, 0

    def _fail(self, reason: str) -> LaunchError:
        return LaunchError(f"{self._where}: {reason} in {self._text!r}")

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _literal(self) -> str:
        """One character, unescaped."""
        if self._next() == "\\" and self._at + 1 < len(self._text):
            self._at += 1
        self._at += 1
        return self._text[self._at - 1]

    def template(self, quote: str = "") -> Template:
        """Text with substitutions up to `quote`, or the end."""
        parts: list[str | Call] = []
        while self._next() and self._next() != quote:
            parts.append(self._part(quote))
        return tuple(parts)

    def _part(self, quote: str) -> str | Call:
        if self._text.startswith("$(", self._at):
            return self._call(quote)
        return self._literal()

    def _call(self, quote: str) -> Call:
        self._at += 2
        match = re.compile(r"[A-Za-z][\w-]*").match(self._text, self._at)
        name = match.group() if match else ""
        if name not in ARITY:
            raise self._fail(f"unknown substitution $({name}); known: {', '.join(ARITY)}")
        self._at += len(name)
        arguments = []
        while self._next() == " ":
            self._at += 1
            arguments.append(self._argument(quote))
        if self._next() != ")":
            raise self._fail(f"expected ) after $({name}")
        self._at += 1
        low, high = ARITY[name]
        if not low <= len(arguments) <= high:
            expected = str(low) if low == high else f"{low} or {high}"
            raise self._fail(f"$({name}) takes {expected} arguments, got {len(arguments)}")
        if name in ("equals", "not-equals") and () in arguments:
            # ROS 2's launch compares with the text "[]" here.
            raise self._fail(
                f"$({name}) cannot compare with an empty text; add a prefix on both sides"
            )
        return Call(name, tuple(arguments))

    def _argument(self, quote: str) -> Template:
        if not quote and self._next() in ("'", '"'):
            mark = self._literal()
            argument = self.template(mark)
            if self._next() != mark:
                raise self._fail(f"missing {mark}")
            self._at += 1
            return argument
        parts: list[str | Call] = []
        while self._next() not in ("", " ", ")", quote):
            if self._next() == "(" or (not quote and self._next() in "'\""):
                raise self._fail(f"{self._next()} needs quotes or a backslash")
            if self._text.startswith("\\ ", self._at):
                raise self._fail("a space needs quotes, a backslash does not keep it")
            parts.append(self._part(quote))
        if not parts:
            raise self._fail("an argument is missing, or there is more than one space before it")
        return tuple(parts)


def parse(text: str, where: str) -> Template:
    """The template in an attribute's text.

    Raises:
        LaunchError: malformed, or a substitution outside the subset.
    """
    return _Parser(text, where).template()


def perform(template: Template, scope: Scope, where: str) -> str:
    """The template's text in a scope.

    Raises:
        LaunchError: a variable, package or environment variable is missing, a boolean is invalid,
            or a command fails.
    """
    return "".join(
        part if isinstance(part, str) else _perform_call(part, scope, where) for part in template
    )


def _perform_call(call: Call, scope: Scope, where: str) -> str:
    def text(index: int) -> str:
        return perform(call.arguments[index], scope, where)

    def truth(index: int) -> bool:
        return _boolean(text(index), call.name, where)

    match call.name:
        case "var":
            return _variable(text(0), scope, where)
        case "find-pkg-share":
            return str(share_of(text(0), where))
        case "dirname":
            return str(scope.directory)
        case "env":
            return _environment(call, text(0), scope, where)
        case "equals":
            return _word(_equal(text(0), text(1)))
        case "not-equals":
            return _word(not _equal(text(0), text(1)))
        case "not":
            return _word(not truth(0))
        case "and":
            return _word(all([truth(0), truth(1)]))
        case "or":
            return _word(any([truth(0), truth(1)]))
        case "command":
            return _output(text(0), scope, where)
        case _:
            if truth(0):
                return text(1)
            return text(2) if len(call.arguments) == 3 else ""


def condition(text: str, where: str) -> bool:
    """Whether the text of an `if` or `unless` is true; stricter than `$(not)` and similar.

    Raises:
        LaunchError: it is not true, false, 1 or 0.
    """
    word = text.strip().lower()
    if word not in ("true", "1", "false", "0"):
        raise LaunchError(f"{where}: condition is {text!r}, expected true, false, 1 or 0")
    return word in ("true", "1")


def _word(value: bool) -> str:
    return "true" if value else "false"


def _variable(name: str, scope: Scope, where: str) -> str:
    if name not in scope.configurations:
        raise LaunchError(f"{where}: $(var {name}): not declared before")
    return scope.configurations[name]


def _environment(call: Call, name: str, scope: Scope, where: str) -> str:
    if name in scope.environment:
        return scope.environment[name]
    if len(call.arguments) == 2:
        return perform(call.arguments[1], scope, where)
    raise LaunchError(f"{where}: $(env {name}): the environment variable is not set")


def _output(command: str, scope: Scope, where: str) -> str:
    """Output of a command; as in ROS 2's launch, one that writes to stderr has failed."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, env=scope.environment, capture_output=True, text=True)
    except (ValueError, OSError) as error:
        raise LaunchError(f"{where}: $(command {command}): {error}") from error
    if done.returncode or done.stderr:
        reason = done.stderr.strip() or f"{command}: exit status {done.returncode}"
        raise LaunchError(f"{where}: {reason}")
    return done.stdout


def _boolean(text: str, name: str, where: str) -> bool:
    try:
        value = {"1": True, "0": False}.get(text, yaml.safe_load(text))
    except yaml.YAMLError:
        value = None
    if not isinstance(value, bool):
        raise LaunchError(f"{where}: $({name} …) needs true or false, got {text!r}")
    return value


def _equal(left: str, right: str) -> bool:
    """Equality as in ROS 2's launch: booleans by meaning, numbers approximately, text exactly."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if left.lower() in words and right.lower() in words:
        return words[left.lower()] == words[right.lower()]
    try:
        return math.isclose(float(left), float(right))
    except ValueError:
        return left == right
