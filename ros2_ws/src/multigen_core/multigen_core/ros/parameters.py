"""A node's parameters as one frozen dataclass."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from multigen_core.config.parameters import parameter
from multigen_core.errors import MultigenError

__all__ = ["declare", "parameter"]

Parameters = TypeVar("Parameters")
_KINDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def _descriptor(field: dataclasses.Field[Any]) -> ParameterDescriptor:
    meta = field.metadata
    descriptor = ParameterDescriptor(
        name=field.name,
        description=meta["description"],
        read_only=not meta["writable"],
        dynamic_typing=isinstance(field.default, float),
        additional_constraints=f"one of {', '.join(meta['choices'])}" if meta["choices"] else "",
    )
    low, high = meta["low"], meta["high"]
    if low is not None or high is not None:
        if isinstance(field.default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(
                    from_value=float("-inf") if low is None else float(low),
                    to_value=float("inf") if high is None else float(high),
                )
            ]
        else:
            descriptor.integer_range = [
                IntegerRange(
                    from_value=-(2**63) if low is None else int(low),
                    to_value=2**63 - 1 if high is None else int(high),
                )
            ]
    return descriptor


def declare(node: Node, cls: type[Parameters]) -> Parameters:
    """Declare every field of `cls` and return their values.

    Floats also accept integers; a leading ~/ in a text is the home directory.

    Raises:
        MultigenError: a value has the wrong type, is out of range or not a choice; one line.
    """
    values = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        kind = type(field.default)
        try:
            value = node.declare_parameter(field.name, field.default, _descriptor(field)).value
        except InvalidParameterValueException as error:
            value = re.findall(r"value \((.*?)\)", str(error))[0]
            raise _outside(field, value) from error
        except InvalidParameterTypeException as error:
            raise _mistyped(field, node._parameter_overrides[field.name].value) from error
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind):
            raise _mistyped(field, value)
        if isinstance(value, str) and value.startswith("~/"):
            value = os.path.expanduser(value)
        low, high = field.metadata["low"], field.metadata["high"]
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            raise _outside(field, value)
        choices = field.metadata["choices"]
        if choices and value not in choices:
            raise MultigenError(
                f"parameter {field.name}: {value!r} is not one of {', '.join(choices)}"
            )
        pattern = field.metadata["pattern"]
        if pattern and not re.fullmatch(pattern, str(value)):
            raise MultigenError(
                f"parameter {field.name}: {value!r} is invalid; {field.metadata['description']}"
            )
        values[field.name] = value
    _warn_of_unknown(node, values)
    node.get_logger().debug(f"parameters: {values}")
    return cls(**values)


def _warn_of_unknown(node: Node, known: dict[str, Any]) -> None:
    # Only a warning: a file's section for all nodes may be meant for another node.
    for name in node._parameter_overrides:
        if not node.has_parameter(name) and not name.startswith("qos_overrides."):
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            node.get_logger().warning(f"unknown parameter {name} is ignored; {meant}")


def _mistyped(field: dataclasses.Field[Any], value: object) -> MultigenError:
    wanted = _KINDS[type(field.default)]
    message = f"parameter {field.name}: {value!r} is not {wanted}"
    if isinstance(field.default, str):
        message += f"; quote it twice: -p {field.name}:=\"'{value}'\""
    return MultigenError(message)


def _outside(field: dataclasses.Field[Any], value: object) -> MultigenError:
    low, high = field.metadata["low"], field.metadata["high"]
    if high is None:
        wanted = f"at least {low}"
    elif low is None:
        wanted = f"at most {high}"
    else:
        wanted = f"between {low} and {high}"
    return MultigenError(f"parameter {field.name}: {value} is not {wanted}")
