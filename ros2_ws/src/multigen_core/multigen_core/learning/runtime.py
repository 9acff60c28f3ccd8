"""Networks without torch: onnxruntime on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from multigen_core.learning.weights import WeightsError, read_weights

Floats = NDArray[np.float32]


class Network:
    """A network that carries its memory from call to call.

    Inputs of its graph named `state_…` are that memory, zero at first; the output `next_…` of the
    same name is the next call's.
    """

    def __init__(self, folder: Path, name: str, kind: str = "") -> None:
        """Load NAME.onnx and NAME.safetensors; `kind` is the network's if it is not the name.

        Raises:
            WeightsError: a file is missing, damaged or does not fit the other.
        """
        weights, self.settings = read_weights(folder / f"{name}.safetensors", kind or name)
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

    def reset(self) -> None:
        """Forget what came before."""
        self._state: dict[str, Floats] = {
            name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()
        }

    def run(self, **inputs: NDArray[Any]) -> dict[str, Floats]:
        """The graph's outputs by name, but for its memory."""
        found = dict(
            zip(self._outputs, self._session.run(None, {**inputs, **self._state}), strict=True)
        )
        self._state = {name: found.pop(name.replace("state_", "next_", 1)) for name in self._state}
        return found
