"""Fields of a frozen dataclass that are a node's parameters."""

from __future__ import annotations

import dataclasses
from typing import Any

DEVICE = r"cpu|cuda(:\d+)?"
"""Pattern of the places where a network may compute."""


def parameter(
    default: Any,
    description: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    writable: bool = False,
    pattern: str = "",
) -> Any:
    """A dataclass field that is a ROS parameter; its type is that of `default`.

    `pattern` is a regular expression that a text must match as a whole.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "description": description,
            "low": low,
            "high": high,
            "choices": choices,
            "writable": writable,
            "pattern": pattern,
        },
    )
