"""Weights of `flow`: the shipped ones, or those in a folder."""

from __future__ import annotations

from pathlib import Path

from multigen_core.config.yaml_file import share_directory
from multigen_core.learning.weights import Kind, WeightsError

_FORMAT = 1
"""Incremented whenever old weights no longer fit the networks."""


def _kind(network: str) -> Kind:
    return Kind(network, _FORMAT, f"retrain with `multigen train-audio {network}`")


EYE, VOICE, MOUTH = map(_kind, ("eye", "voice", "mouth"))


def weights_folder(checkpoint: str = "") -> Path:
    """The folder of weights: `checkpoint`, or the shipped one.

    Raises:
        WeightsError: there is no such folder.
    """
    shipped = share_directory("multigen_audio") / "config/weights/flow"
    folder = Path(checkpoint) if checkpoint else shipped
    if not folder.is_dir():
        raise WeightsError(
            f"{folder}: no such folder; create it with `multigen train-audio all --out DIR`"
        )
    return folder
