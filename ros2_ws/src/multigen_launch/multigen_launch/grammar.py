"""The XML subset: its elements, their attributes and their children."""

from __future__ import annotations

from dataclasses import dataclass

CONDITIONS = frozenset({"if", "unless"})
ACTIONS = frozenset({"arg", "let", "include", "group", "push-ros-namespace", "node", "set_env"})


@dataclass(frozen=True)
class Kind:
    """Grammar of one element."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()

    @property
    def attributes(self) -> frozenset[str]:
        """Every attribute it takes."""
        return self.required | self.optional


def _action(required: str = "", optional: str = "", children: frozenset[str] = frozenset()) -> Kind:
    return Kind(frozenset(required.split()), CONDITIONS | set(optional.split()), children)


def _detail(required: str = "", optional: str = "") -> Kind:
    return Kind(frozenset(required.split()), frozenset(optional.split()))


ROOT = Kind(children=ACTIONS)

_KINDS = {
    "arg": _action("name", "default description", frozenset({"choice"})),
    "let": _action("name value"),
    "include": _action("file", children=frozenset({"arg"})),
    "group": _action(children=ACTIONS),
    "push-ros-namespace": _action("namespace"),
    "set_env": _action("name value"),
    "node": _action(
        "pkg exec",
        "name namespace output on_exit args respawn respawn_delay",
        frozenset({"param", "remap", "env"}),
    ),
    "choice": _detail("value"),
    "param": _detail(optional="name value type from"),
    "remap": _detail("from to"),
    "env": _detail("name value"),
}
_INCLUDED_ARG = _detail("name value")


def kind_of(tag: str, parent: str | None) -> Kind:
    """The kind of element `tag` is inside `parent`; an `arg` means two things."""
    if parent is None:
        return ROOT
    return _INCLUDED_ARG if (parent, tag) == ("include", "arg") else _KINDS[tag]


OUTPUTS = ("screen", "log", "both")
"""`screen` and `both` show everything; `log` shows only what a node writes to stderr."""
