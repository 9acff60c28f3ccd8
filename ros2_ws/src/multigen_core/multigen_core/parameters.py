"""Fields of a frozen dataclass that are a node's parameters."""

from __future__ import annotations

import dataclasses
from typing import Any


def parameter(
    default: Any,
    description: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    writable: bool = False,
) -> Any:
    """A dataclass field that is a ROS parameter; its type is that of `default`."""
    return dataclasses.field(
        default=default,
        metadata={
            "description": description,
            "low": low,
            "high": high,
            "choices": choices,
            "writable": writable,
        },
    )
