"""Export of a trained torch module to the two files that run without torch."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import TensorProto
from safetensors.torch import save
from torch import Tensor, nn

from multigen_core.files import write_atomic
from multigen_core.learning.weights import Kind


def export(
    module: nn.Module,
    folder: Path,
    name: str,
    kind: Kind,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    moving: Mapping[str, Sequence[int]],
) -> None:
    """Write NAME.onnx and NAME.safetensors for `runtime.Network`.

    The weights of `module` itself are rounded to half precision, so that both give the same output.

    Args:
        module: takes `inputs` in their order and returns a tuple of `outputs`.
        folder: where to write.
        name: of both files.
        kind: identifies the network and its format.
        settings: stored with the weights, as JSON.
        inputs: example tensors by name; those named `state_…` are recurrent state.
        outputs: names; `next_…` is the new value of `state_…`.
        moving: dynamic axes, by input or output.
    """
    module = module.eval().cpu().float()
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.copy_(value.half().float())
    file = io.BytesIO()
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        file,  # type: ignore[arg-type]
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes={
            key: {axis: f"{key}_{axis}" for axis in axes} for key, axes in moving.items()
        },
        opset_version=17,
        do_constant_folding=False,
        dynamo=False,
    )
    graph = onnx.load_from_string(file.getvalue())
    weights = {key: value.detach() for key, value in module.state_dict().items()}
    used = {tensor.name for tensor in graph.graph.initializer} & set(weights)
    for tensor in graph.graph.initializer:
        if tensor.name in used:
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=f"{name}.safetensors")
    halves = {key: weights[key].half().contiguous() for key in sorted(used)}
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{name}.safetensors", save(halves, kind.metadata(dict(settings))))
    write_atomic(folder / f"{name}.onnx", graph.SerializeToString())
