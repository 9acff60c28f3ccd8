"""A network trained in torch, run without it; and files that cannot be run."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from multigen_core.learning.export import export
from multigen_core.learning.runtime import Network
from multigen_core.learning.weights import FORMAT, WeightsError, weights_folder


class Smooth(nn.Module):
    """A causal convolution with a memory."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 5)
        self.norm = nn.LayerNorm(4)

    def forward(self, x, state_line):
        line = torch.cat([state_line, x], 2)
        return self.norm(self.conv(line).transpose(1, 2)), line[:, :, -4:]


@pytest.fixture
def module():
    torch.manual_seed(0)
    return Smooth()


@pytest.fixture
def folder(tmp_path, module):
    inputs = {"x": torch.zeros(1, 3, 7), "state_line": torch.zeros(1, 3, 4)}
    moving = {"x": [2], "y": [1]}
    export(module, tmp_path, "smooth", {"width": 4}, inputs, ["y", "next_line"], moving)
    return tmp_path


def rewrite(folder, **metadata):
    path = folder / "smooth.safetensors"
    kept = {"format": str(FORMAT), "network": "smooth", "settings": "{}"}
    save_file(load_file(path), path, {**kept, **metadata})


def test_it_gives_what_torch_gives_and_remembers(folder, module, rng) -> None:
    network = Network(folder, "smooth")
    assert network.settings == {"width": 4}
    x = rng.standard_normal((1, 3, 30)).astype(np.float32)
    with torch.no_grad():
        whole = module(torch.from_numpy(x), torch.zeros(1, 3, 4))[0].numpy()
    for _ in range(2):
        parts = [network.run(x=x[:, :, a:b])["y"] for a, b in ((0, 1), (1, 12), (12, 30))]
        np.testing.assert_allclose(np.concatenate(parts, 1), whole, atol=1e-5)
        network.reset()


def test_weights_are_kept_in_half_precision_beside_the_graph(folder) -> None:
    weights = load_file(folder / "smooth.safetensors")
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float16)}


def test_a_missing_file_is_named(folder) -> None:
    (folder / "smooth.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"smooth\.safetensors: cannot be read as weights"):
        Network(folder, "smooth")


def test_a_missing_graph_is_named(folder) -> None:
    (folder / "smooth.onnx").unlink()
    with pytest.raises(WeightsError, match=r"smooth\.onnx: cannot be loaded"):
        Network(folder, "smooth")


@pytest.mark.parametrize("name", ["smooth.safetensors", "smooth.onnx"])
@pytest.mark.parametrize("keep", [0, 0.3, 0.9])
def test_a_cut_off_file_is_refused(folder, name, keep) -> None:
    path = folder / name
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(WeightsError, match="cannot be"):
        Network(folder, "smooth")


def test_weights_of_another_version_are_refused(folder) -> None:
    rewrite(folder, format="0")
    with pytest.raises(
        WeightsError, match=f"format and network are 0 and smooth, expected {FORMAT}"
    ):
        Network(folder, "smooth")


def test_weights_of_another_network_are_refused(folder) -> None:
    rewrite(folder, network="mouth")
    with pytest.raises(WeightsError, match="expected 1 and smooth; train anew"):
        Network(folder, "smooth")


def test_settings_that_are_no_json_are_refused(folder) -> None:
    rewrite(folder, settings="{")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        Network(folder, "smooth")


def test_weights_that_are_not_numbers_are_refused(folder) -> None:
    path = folder / "smooth.safetensors"
    weights = load_file(path)
    weights["conv.bias"][0] = np.nan
    about = {"format": str(FORMAT), "network": "smooth", "settings": json.dumps({})}
    save_file(weights, path, about)
    with pytest.raises(WeightsError, match=r"conv\.bias holds numbers that are not finite"):
        Network(folder, "smooth")


def test_weights_that_lack_one_are_refused(folder) -> None:
    path = folder / "smooth.safetensors"
    weights = load_file(path)
    del weights["conv.bias"]
    save_file(weights, path, {"format": str(FORMAT), "network": "smooth", "settings": "{}"})
    with pytest.raises(WeightsError, match=r"smooth\.onnx: cannot be loaded"):
        Network(folder, "smooth")


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(WeightsError, match="nowhere: no folder of weights; make one"):
        weights_folder(str(tmp_path / "nowhere"))
