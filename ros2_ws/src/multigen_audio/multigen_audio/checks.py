"""Checks of sound synthesis for `multigen doctor`."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator

from multigen_core.cli.doctor import Finding, State, package
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import synthesizer_names
from multigen_core.world.recordings import VARIABLE, read_recordings, real_data_folder


def checks(_: argparse.Namespace) -> Iterator[Finding]:
    """Requirements of the synthesizers and their training."""
    yield Finding("synthesizers", State.FINE, ", ".join(synthesizer_names()))
    yield package("networks", "onnxruntime", "make build", State.BROKEN)
    yield package("training", "torch", "scripts/setup.sh --train")
    try:
        clips = read_recordings(real_data_folder())[0]
        yield Finding("recordings", State.FINE, f"{len(clips)} clips of real pours")
    except MultigenError as error:
        yield Finding(
            "recordings", State.NOTE, str(error), f"for replay and training; set {VARIABLE}"
        )
    gpu = shutil.which("nvidia-smi") is not None
    yield Finding(
        "GPU",
        State.FINE if gpu else State.NOTE,
        "NVIDIA driver" if gpu else "none",
        "" if gpu else "only mmaudio needs one",
    )
