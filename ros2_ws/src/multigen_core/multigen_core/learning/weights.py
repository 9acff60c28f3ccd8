"""Loading and checking of a network's weights.

A network is stored in two files: NAME.onnx holds its graph without weights, and NAME.safetensors
its weights in half precision, with `format`, `network` and settings as metadata.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from multigen_core.errors import MultigenError

_POINTER = b"version https://git-lfs.github.com/spec/"


class WeightsError(MultigenError):
    """Weights are missing, damaged or incompatible."""


@dataclass(frozen=True)
class Kind:
    """Identifies the weights that a network accepts.

    Attributes:
        network: name of the network.
        format: version, incremented when older weights no longer fit the code.
        remedy: tells the user how to get matching weights.
    """

    network: str
    format: int
    remedy: str

    def metadata(self, settings: dict[str, Any]) -> dict[str, str]:
        """Metadata to store with the weights."""
        about = {"format": str(self.format), "network": self.network}
        return {**about, "settings": json.dumps(settings)}


def read_weights(path: Path, kind: Kind) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """The weights by name, in single precision, and the network's settings.

    Raises:
        WeightsError: the file is missing, damaged, or of another format or network.
    """
    refuse_pointer(path)
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        settings = json.loads(metadata.get("settings", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read as weights: {error}") from error
    found = metadata.get("format"), metadata.get("network")
    if found != (str(kind.format), kind.network):
        raise WeightsError(
            f"{path}: format and network are {found[0]} and {found[1]}, expected {kind.format} "
            f"and {kind.network}; {kind.remedy}"
        )
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise WeightsError(f"{path}: {name} holds numbers that are not finite")
    return {name: value.astype(np.float32) for name, value in weights.items()}, settings


def refuse_pointer(path: Path) -> None:
    """Reject a Git LFS pointer, which stands in for a file that was not fetched.

    Raises:
        WeightsError: the file is a pointer.
    """
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise WeightsError(f"{path}: is a Git LFS pointer: run `git lfs pull`")
