"""Parameter values, typed by the rules of ROS 2's launch, and parameter files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import yaml

from multigen_launch.errors import LaunchError

Scalar = bool | int | float | str
Value = Scalar | list[bool] | list[int] | list[float] | list[str]

_SCALARS: dict[str, type] = {"str": str, "bool": bool, "float": float, "int": int}
TYPES = (*_SCALARS, *(f"list_of_{name}" for name in _SCALARS), "yaml")
"""Values of a parameter's `type` attribute; without one, YAML rules apply (`yaml`)."""


def value_of(raw: str, kind: str | None, perform: Callable[[str], str], where: str) -> Value:
    """The value of `<param value="raw" type="kind">`, with `perform` for its substitutions.

    Without a type, YAML rules apply twice: to the raw text and to the result of substitution.
    Quotes around a substitution therefore do not prevent conversion to a bool or number; only
    `type="str"` does. An empty text stays a text.

    Raises:
        LaunchError: the text is not of the type, or of no valid parameter type.
    """
    if kind in _SCALARS:
        return _scalar(perform(raw), kind, where)
    expected = None if kind in (None, "yaml") else _SCALARS[kind.removeprefix("list_of_")]
    parsed: Any = _yaml(raw, raw)
    value: Any = parsed
    if isinstance(parsed, list):
        value = [_item(item, perform) for item in parsed]
    elif isinstance(parsed, str) and expected is None:
        value = _yaml(perform(parsed), None) if "$(" in parsed else perform(parsed)
    if not _uniform(value, expected):
        wanted = kind if expected else "a bool, a number, a text or a list of one of these"
        raise LaunchError(
            f'{where}: value {raw!r} is {value!r}, expected {wanted}; for a text use type="str"'
        )
    return cast(Value, value)


def _yaml(text: str, otherwise: Any) -> Any:
    if not text:
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return otherwise


def _item(item: Any, perform: Callable[[str], str]) -> Any:
    return _yaml(perform(item), None) if isinstance(item, str) and "$(" in item else item


def _uniform(value: Any, expected: type | None) -> bool:
    if not isinstance(value, list):
        return expected is None and type(value) in _SCALARS.values()
    types = {type(item) for item in value}
    return len(types) == 1 and types <= ({expected} if expected else set(_SCALARS.values()))


def _scalar(text: str, kind: str, where: str) -> Scalar:
    try:
        if kind == "bool":
            value = {"1": True, "0": False}.get(text, _yaml(text, None))
            if not isinstance(value, bool):
                raise ValueError
            return value
        scalar: Scalar = _SCALARS[kind](text)
        return scalar
    except ValueError:
        raise LaunchError(f"{where}: value {text!r} is not of type {kind}") from None


class _Quoted(str):
    """A text that stays quoted: rcl reads more words as booleans than PyYAML quotes."""


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    pass


_Dumper.add_representer(
    _Quoted,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"'),
)


def parameters_yaml(node: str, values: Mapping[str, Value]) -> str:
    """The parameter file of a node, `/**` if its full name is unknown."""

    def quoted(value: Any) -> Any:
        if isinstance(value, list):
            return [quoted(item) for item in value]
        return _Quoted(value) if isinstance(value, str) else value

    body = {node: {"ros__parameters": {name: quoted(value) for name, value in values.items()}}}
    text: str = yaml.dump(
        body, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, width=float("inf")
    )
    return text
