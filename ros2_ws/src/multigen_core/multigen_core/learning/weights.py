"""Shipped or chosen weights: which files there are, and reading them or saying what is wrong.

A network is two files: NAME.onnx, its graph without weights, and NAME.safetensors, its weights in
half precision with `format`, `network` and its settings as metadata.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from multigen_core.config.yaml_file import share_directory
from multigen_core.errors import MultigenError

FORMAT = 1
"""Raised whenever weights of old no longer fit the code."""


class WeightsError(MultigenError):
    """Weights are missing, damaged or of another version."""


def weights_folder(checkpoint: str = "") -> Path:
    """The folder of weights: `checkpoint`, or what is shipped.

    Raises:
        WeightsError: there is no such folder.
    """
    shipped = share_directory("multigen_audio") / "config/weights/flow"
    folder = Path(checkpoint) if checkpoint else shipped
    if not folder.is_dir():
        raise WeightsError(
            f"{folder}: no folder of weights; make one with `multigen train-audio all --out DIR`"
        )
    return folder


def read_weights(path: Path, network: str) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Weights in single precision by name, and the settings of the network.

    Raises:
        WeightsError: the file is missing, damaged, of another format or another network.
    """
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        settings = json.loads(metadata.get("settings", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read as weights: {error}") from error
    found = metadata.get("format"), metadata.get("network")
    if found != (str(FORMAT), network):
        raise WeightsError(
            f"{path}: format and network are {found[0]} and {found[1]}, expected {FORMAT} and "
            f"{network}; train anew with `multigen train-audio {network}`"
        )
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise WeightsError(f"{path}: {name} holds numbers that are not finite")
    return {name: value.astype(np.float32) for name, value in weights.items()}, settings
