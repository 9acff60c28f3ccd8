"""Launch files as validated trees whose elements know their line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from multigen_launch.errors import LaunchError
from multigen_launch.grammar import ACTIONS, OUTPUTS, kind_of
from multigen_launch.names import is_time
from multigen_launch.parameters import TYPES
from multigen_launch.substitutions import parse

_PLAIN = {("arg", "name"), ("arg", "description"), ("choice", "value"), ("param", "type")}
"""Attributes that hold text only."""


@dataclass(slots=True)
class Element:
    """One XML element; `where` is its file and line."""

    tag: str
    attributes: dict[str, str]
    where: str
    children: list[Element] = field(default_factory=list)

    def of(self, tag: str) -> Iterable[Element]:
        """Children of one kind."""
        return (child for child in self.children if child.tag == tag)

    def get(self, name: str) -> str | None:
        """An attribute's raw text."""
        return self.attributes.get(name)


def load(path: Path) -> Element:
    """The `<launch>` element of a file, checked against the grammar throughout.

    Raises:
        LaunchError: unreadable, not XML, or outside the subset.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LaunchError(f"{path}: {error.strerror}") from error
    root = _read(content, path)
    if root.tag != "launch":
        raise LaunchError(f"{root.where}: the root element is <{root.tag}>, expected <launch>")
    _check(root, None)
    return root


def _read(content: bytes, path: Path) -> Element:
    parser = expat.ParserCreate()
    stack: list[Element] = []
    roots: list[Element] = []

    def here() -> str:
        return f"{path}:{parser.CurrentLineNumber}"

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, here())
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def text(data: str) -> None:
        if data.strip():
            raise LaunchError(f"{here()}: unexpected text {data.strip()!r}")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise LaunchError(f"{path}:{error.lineno}: not well-formed XML: {reason}") from error
    return roots[0]


def _check(element: Element, parent: str | None) -> None:
    kind = kind_of(element.tag, parent)
    for name in element.attributes.keys() - kind.attributes:
        raise LaunchError(
            f"{element.where}: unknown attribute {name!r} of <{element.tag}>; "
            f"known: {', '.join(sorted(kind.attributes)) or 'none'}"
        )
    for name in kind.required - element.attributes.keys():
        raise LaunchError(f"{element.where}: <{element.tag}> needs the attribute {name!r}")
    if {"if", "unless"} <= element.attributes.keys():
        raise LaunchError(f"{element.where}: 'if' and 'unless' exclude each other")
    for name, value in element.attributes.items():
        if (element.tag, name) not in _PLAIN:
            parse(value, element.where)
    if element.tag == "param":
        _check_parameter(element)
    elif element.tag == "node":
        _check_node(element)
    for child in element.children:
        if child.tag not in kind.children:
            raise LaunchError(
                f"{child.where}: unknown element <{child.tag}> in <{element.tag}>; "
                f"known: {', '.join(sorted(kind.children)) or 'none'}"
            )
        _check(child, element.tag)


def _check_parameter(element: Element) -> None:
    given = set(element.attributes)
    if given != {"from"} and given - {"type"} != {"name", "value"}:
        raise LaunchError(f"{element.where}: <param> takes either name and value, or from")
    if element.get("type") not in (None, *TYPES):
        raise LaunchError(
            f"{element.where}: unknown type {element.get('type')!r}; known: {', '.join(TYPES)}"
        )


def _check_node(element: Element) -> None:
    if element.get("on_exit") not in (None, "shutdown"):
        raise LaunchError(
            f"{element.where}: on_exit is {element.get('on_exit')!r}; known: shutdown"
        )
    if {"on_exit", "respawn"} <= element.attributes.keys():
        raise LaunchError(f"{element.where}: 'on_exit' and 'respawn' exclude each other")
    delay = element.get("respawn_delay") or "0"
    if not is_time(delay):
        raise LaunchError(f"{element.where}: respawn_delay is {delay!r}, not a time in seconds")
    output = element.get("output")
    if output is not None and "$(" not in output and output not in OUTPUTS:
        raise LaunchError(f"{element.where}: output is {output!r}; known: {', '.join(OUTPUTS)}")


def arguments(root: Element) -> Iterable[Element]:
    """Every `<arg>` declared in a file, whatever its condition."""
    for element in root.children:
        if element.tag == "arg":
            yield element
        elif element.tag in ACTIONS:
            yield from arguments(element) if element.tag == "group" else ()


def includes(root: Element) -> Iterable[Element]:
    """Every `<include>` of a file, whatever its condition."""
    for element in root.children:
        if element.tag == "include":
            yield element
        elif element.tag == "group":
            yield from includes(element)
