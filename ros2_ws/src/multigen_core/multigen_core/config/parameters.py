"""Node parameters as fields of a frozen dataclass."""

from __future__ import annotations

import dataclasses
from typing import Any

DEVICE = r"cpu|cuda(:\d+)?"
"""Pattern of the devices a network may run on."""


def parameter(
    default: Any,
    description: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    writable: bool = False,
    pattern: str = "",
) -> Any:
    """A dataclass field that is a ROS parameter of the type of `default`.

    `pattern` is a regular expression that the whole text must match.
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
