"""Inference without torch: onnxruntime, single-threaded on the CPU."""

from __future__ import annotations

import logging
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from multigen_core.config.parameters import DEVICE
from multigen_core.errors import MultigenError
from multigen_core.learning.weights import Kind, WeightsError, read_weights, refuse_pointer

_LOG = logging.getLogger(__name__)

Floats = NDArray[np.float32]


class Network:
    """A network that keeps its recurrent state between calls.

    Graph inputs named `state_…` are the state, initially zero; the output `next_…` of the same name
    is its value for the next call.
    """

    def __init__(self, folder: Path, name: str, kind: Kind) -> None:
        """Load NAME.onnx and NAME.safetensors.

        Raises:
            WeightsError: a file is missing, damaged or of another kind, or the two do not match.
        """
        weights, self.settings = read_weights(folder / f"{name}.safetensors", kind)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        values = {
            key: onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value))
            for key, value in weights.items()
        }
        options.add_external_initializers(list(values), list(values.values()))
        self._kept = values
        graph = folder / f"{name}.onnx"
        refuse_pointer(graph)
        try:
            self._session = onnxruntime.InferenceSession(
                graph.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no base but Exception
            reason = " ".join(str(error).split())[:200]
            raise WeightsError(f"{graph}: cannot be loaded: {reason}") from error
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._shapes = {
            item.name: [size if isinstance(size, int) else 1 for size in item.shape]
            for item in self._session.get_inputs()
            if item.name.startswith("state_")
        }
        self.reset()

    @property
    def remembered(self) -> int:
        """Number of past steps held in causal convolutions' states (layers…, 1, steps, width)."""
        return sum(math.prod(shape[:-1]) for shape in self._shapes.values())

    def reset(self) -> None:
        """Set the recurrent state to zero."""
        self._state: dict[str, Floats] = {
            name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()
        }

    def run(self, **inputs: NDArray[Any]) -> dict[str, Floats]:
        """Run one call and return the outputs by name, without the recurrent state."""
        found = dict(
            zip(self._outputs, self._session.run(None, {**inputs, **self._state}), strict=True)
        )
        self._state = {name: found.pop(name.replace("state_", "next_", 1)) for name in self._state}
        return found


@cache
def run_on_cpu(what: str, device: str) -> None:
    """Warn once that `what` runs on the CPU if another device was requested.

    Raises:
        MultigenError: `device` is not the name of a device.
    """
    if not re.fullmatch(DEVICE, device):
        raise MultigenError(f"{what}: device must be cpu, cuda or cuda:N, got {device!r}")
    if device != "cpu":
        _LOG.warning("%s runs on the CPU, in real time; %s is not used", what, device)
