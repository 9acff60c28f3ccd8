"""The state that a training continues from: written whole or not at all, refused by name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic

_FORMAT = 1


class Stateful(Protocol):
    """A part of the state: a module, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """What it is in."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Be in that state."""


def save_checkpoint(path: Path, name: str, step: int, parts: Mapping[str, Stateful]) -> None:
    """Write the state of the training `name` after `step` steps.

    Raises:
        MultigenError: it cannot be written; what was there before stays.
    """
    state = {part: value.state_dict() for part, value in parts.items()}
    file = io.BytesIO()
    torch.save({"format": _FORMAT, "training": name, "step": step, **state}, file)
    write_atomic(path, file.getvalue())


def load_checkpoint(path: Path, name: str, parts: Mapping[str, Stateful]) -> int:
    """Put parts into the state written, whatever device it was on; the number of steps done.

    Raises:
        MultigenError: the file is damaged, or the state is another training's.
    """
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        found = state["format"], state["training"]
        if found != (_FORMAT, name):
            raise ValueError(f"of {found[1]} in format {found[0]}, expected {name} in {_FORMAT}")
        for part, value in parts.items():
            value.load_state_dict(state[part])
        return int(state["step"])
    except Exception as error:  # there is no end to what unpickling foreign bytes may raise
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise MultigenError(
            f"{path}: cannot be continued ({reason}); delete it or train to another folder"
        ) from error
