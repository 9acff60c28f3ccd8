"""Weights of the learned policy: the shipped ones, or those in a folder."""

from __future__ import annotations

from pathlib import Path

from multigen_core.config.yaml_file import share_directory
from multigen_core.learning.weights import Kind, WeightsError

FORMAT = 3
"""Raised whenever old weights no longer fit the inputs, the network or the outputs."""
FINDER_FORMAT = 2
"""The same of the finder."""
POLICY = Kind("audiovisual", FORMAT, "retrain with `multigen train-policy`")
FINDER = Kind("finder", FINDER_FORMAT, "retrain with `multigen train-policy --finder`")


def weights_folder(checkpoint: str = "") -> Path:
    """The folder of weights: `checkpoint`, or the shipped one.

    Raises:
        WeightsError: there is no such folder.
    """
    shipped = share_directory("multigen_policy") / "config/weights/audiovisual"
    folder = Path(checkpoint).expanduser() if checkpoint else shipped
    if not folder.is_dir():
        raise WeightsError(
            f"{folder}: no such folder; create it with `multigen train-policy --out DIR`"
        )
    return folder
