"""Checkpoints to resume training from: written atomically, and rejected if they do not match."""

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
    """A part of a checkpoint: a module, an optimiser or a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Restore the state."""


def save_checkpoint(path: Path, name: str, step: int, parts: Mapping[str, Stateful]) -> None:
    """Write the state of training run `name` after `step` steps.

    Raises:
        MultigenError: the file cannot be written; an existing checkpoint is kept.
    """
    state = {part: value.state_dict() for part, value in parts.items()}
    file = io.BytesIO()
    torch.save({"format": _FORMAT, "training": name, "step": step, **state}, file)
    write_atomic(path, file.getvalue())


def load_checkpoint(path: Path, name: str, parts: Mapping[str, Stateful]) -> int:
    """Restore `parts`, saved on any device, and return the number of completed steps.

    Raises:
        MultigenError: the file is damaged or belongs to another training run.
    """
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        found = state["format"], state["training"]
        if found != (_FORMAT, name):
            raise ValueError(f"of {found[1]} in format {found[0]}, expected {name} in {_FORMAT}")
        for part, value in parts.items():
            value.load_state_dict(state[part])
        return int(state["step"])
    except Exception as error:  # unpickling arbitrary bytes may raise anything
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise MultigenError(
            f"{path}: cannot be continued ({reason}); delete it or train to another folder"
        ) from error
