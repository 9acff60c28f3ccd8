"""Faults of a real robot's graph, injected for real: what dies, and weights that are damaged."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.bags import BagReader
from multigen_core.learning.weights import WeightsError
from multigen_core.policy import PolicyConfig, make_policy
from multigen_core.ros.endpoints import subscribe
from multigen_core.station import Station
from multigen_core.world.scene import Scene
from multigen_policy.learned.weights import FORMAT, weights_folder

from .virtual_lab import VirtualLab

LAUNCH = Path(__file__).parents[1] / "launch" / "multigen.launch.xml"


@pytest.fixture
def lab(peer):
    made = VirtualLab(peer, lambda time: 25e-6 * time)
    yield made
    made.close()


def pids(process, executable):
    """The processes of a launch that run a node, its watchdog first."""
    found = []
    for pid in sorted(process.family):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if any(Path(os.fsdecode(word)).name == executable for word in command[:3]):
            found.append(pid)
    return found


@pytest.fixture
def pouring(start, lab, vessel, wait, tmp_path):
    """A graph on virtual devices that has just begun to pour, recording."""
    graph = start(
        "multigen", "launch", str(LAUNCH), "sim:=false", "camera:=none", "audio:=none",
        "policy:=timed", "autostart:=true", "target_ml:=120", f"scale_port:={lab.scale_port}",
        "record:=true", f"bag_dir:={tmp_path / 'bags'}",
    )  # fmt: skip
    wait(lambda: vessel() > 0.6, lambda: f"the vessel to tilt:\n{graph.output}", 150)
    return graph


def kill(process, executable):
    victims = pids(process, executable)
    assert victims, process.output
    os.kill(victims[-1], signal.SIGKILL)


@pytest.mark.parametrize("node", ["policy", "recorder"])
@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(400)
def test_a_node_killed_in_mid_pour_leaves_the_vessel_upright_and_the_recording_readable(
    pouring, vessel, wait, tmp_path, node
):
    kill(pouring, node)
    wait(lambda: vessel() < 0.02, lambda: f"the return:\n{pouring.output}", 90)
    pouring.end(signal.SIGINT)
    assert vessel() < 0.02, pouring.output
    assert node in pouring.output
    (bag,) = (tmp_path / "bags").iterdir()
    if node == "recorder":
        repair = subprocess.run(["multigen", "repair-bag", str(bag)], check=False)
        assert repair.returncode == 0
    with BagReader(bag) as reader:
        assert reader.count(contract.JOINT_STATES) > 100


@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(400)
def test_a_scale_killed_in_mid_pour_comes_back_and_is_no_reason_to_end_the_pour(
    pouring, peer, vessel, wait
):
    progress, weights = [], []
    subscribe(peer, contract.PROGRESS, progress.append)
    kill(pouring, "scale")
    subscribe(peer, contract.POUR_STATE, weights.append)
    wait(lambda: weights, lambda: f"the scale to return:\n{pouring.output}", 90)
    wait(lambda: progress and progress[-1].outcome, lambda: f"the end:\n{pouring.output}", 120)
    # Commands that a busy machine delays may end a pour; a scale never may.
    assert "scale" not in progress[-1].reason, pouring.output
    assert vessel() < 0.02, pouring.output
    assert pouring.output.count("[scale]: ") >= 2


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _older(path: Path) -> None:
    data, now = path.read_bytes(), f'"format":"{FORMAT}"'.encode()
    assert now in data
    path.write_bytes(data.replace(now, b'"format":"0"', 1))


@pytest.mark.parametrize(
    ("file", "damage", "reason"),
    [
        ("mind.safetensors", Path.unlink, r"mind\.safetensors: cannot be read as weights"),
        ("mind.safetensors", _truncate, r"mind\.safetensors: cannot be read as weights"),
        ("mind.safetensors", _older, r"format and network are 0 and .*retrain with"),
        ("mind.onnx", _truncate, r"mind\.onnx"),
        ("mind.onnx", Path.unlink, r"mind\.onnx"),
    ],
    ids=["missing", "truncated", "of another version", "half a graph", "no graph"],
)
def test_a_checkpoint_that_does_not_serve_is_refused_in_one_line(tmp_path, file, damage, reason):
    folder = shutil.copytree(weights_folder(), tmp_path / "weights")
    damage(folder / file)
    config = PolicyConfig(Station.of(Scene(), Arm.load()), "audiovisual", str(folder))
    with pytest.raises(WeightsError, match=reason) as raised:
        make_policy(config)
    assert "\n" not in str(raised.value).strip()
