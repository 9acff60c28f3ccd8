"""A network trained in torch, run without it; and files that cannot be run."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from multigen_core.errors import MultigenError
from multigen_core.learning.export import export
from multigen_core.learning.runtime import Network, run_on_cpu
from multigen_core.learning.weights import Kind, WeightsError

KIND = Kind("smooth", 3, "train it with `make smooth`")


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
    export(module, tmp_path, "smooth", KIND, {"width": 4}, inputs, ["y", "next_line"], moving)
    return tmp_path


def rewrite(folder, **metadata):
    path = folder / "smooth.safetensors"
    kept = {"format": "3", "network": "smooth", "settings": "{}"}
    save_file(load_file(path), path, {**kept, **metadata})


def test_it_gives_what_torch_gives_and_remembers(folder, module) -> None:
    rng = np.random.default_rng(0)
    network = Network(folder, "smooth", KIND)
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
        Network(folder, "smooth", KIND)


def test_a_missing_graph_is_named(folder) -> None:
    (folder / "smooth.onnx").unlink()
    with pytest.raises(WeightsError, match=r"smooth\.onnx: cannot be loaded"):
        Network(folder, "smooth", KIND)


@pytest.mark.parametrize("name", ["smooth.safetensors", "smooth.onnx"])
@pytest.mark.parametrize("keep", [0, 0.3, 0.9])
def test_a_cut_off_file_is_refused(folder, name, keep) -> None:
    path = folder / name
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(WeightsError, match="cannot be"):
        Network(folder, "smooth", KIND)


def test_weights_of_another_version_are_refused(folder) -> None:
    rewrite(folder, format="0")
    with pytest.raises(WeightsError, match="format and network are 0 and smooth, expected 3"):
        Network(folder, "smooth", KIND)


def test_weights_of_another_network_are_refused(folder) -> None:
    rewrite(folder, network="mouth")
    with pytest.raises(WeightsError, match="expected 3 and smooth; train it with `make smooth`"):
        Network(folder, "smooth", KIND)


def test_settings_that_are_no_json_are_refused(folder) -> None:
    rewrite(folder, settings="{")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        Network(folder, "smooth", KIND)


def test_weights_that_are_not_numbers_are_refused(folder) -> None:
    path = folder / "smooth.safetensors"
    weights = load_file(path)
    weights["conv.bias"][0] = np.nan
    about = {"format": "3", "network": "smooth", "settings": json.dumps({})}
    save_file(weights, path, about)
    with pytest.raises(WeightsError, match=r"conv\.bias holds numbers that are not finite"):
        Network(folder, "smooth", KIND)


def test_weights_that_lack_one_are_refused(folder) -> None:
    path = folder / "smooth.safetensors"
    weights = load_file(path)
    del weights["conv.bias"]
    save_file(weights, path, {"format": "3", "network": "smooth", "settings": "{}"})
    with pytest.raises(WeightsError, match=r"smooth\.onnx: cannot be loaded"):
        Network(folder, "smooth", KIND)


@pytest.mark.parametrize("name", ["smooth.safetensors", "smooth.onnx"])
def test_a_git_lfs_pointer_says_what_to_run(folder, name) -> None:
    (folder / name).write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4382200\n"
    )
    with pytest.raises(WeightsError, match=rf"{name}: is a Git LFS pointer: run `git lfs pull`"):
        Network(folder, "smooth", KIND)


def test_a_network_runs_without_torch(folder) -> None:
    code = (
        "import sys\n"
        "import numpy as np; from pathlib import Path\n"
        "from multigen_core.learning.runtime import Network\n"
        "from multigen_core.learning.weights import Kind\n"
        f"network = Network(Path({str(folder)!r}), 'smooth', Kind('smooth', 3, ''))\n"
        "print(network.run(x=np.zeros((1, 3, 5), np.float32))['y'].shape, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "(1, 5, 4) False\n", done.stderr


def test_another_device_is_a_wish_that_is_answered_once(caplog) -> None:
    for device in ("cuda:7", "cuda:7", "cpu"):
        run_on_cpu("smooth", device)
    assert [record.getMessage() for record in caplog.records] == [
        "smooth runs on the CPU, in real time; cuda:7 is not used"
    ]


def test_an_impossible_device_is_refused() -> None:
    with pytest.raises(MultigenError, match="device must be cpu, cuda or cuda:N, got 'gpu'"):
        run_on_cpu("smooth", "gpu")
