"""Faults of a real robot's graph, injected for real: what dies, and weights that are damaged."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.bags import BagReader
from multigen_core.learning.weights import WeightsError
from multigen_core.policy import PolicyConfig, make_policy
from multigen_core.ros.endpoints import subscribe
from multigen_core.station import Station
from multigen_core.types import Outcome
from multigen_core.world.scene import Scene
from multigen_policy.learned.weights import FORMAT, weights_folder

from .virtual_lab import VirtualLab

LAUNCH = Path(__file__).parents[1] / "launch" / "multigen.launch.xml"


@pytest.fixture
def lab(peer):
    made = VirtualLab(peer, lambda time: 25e-6 * time)
    yield made
    made.close()


@pytest.fixture
def begin(start, lab, wait, tmp_path):
    """Starts a recorded graph on virtual devices, which has begun to pour."""

    def run(*arguments):
        graph = start(
            "multigen", "launch", str(LAUNCH), "sim:=false", "autostart:=true", "target_ml:=120",
            f"scale_port:={lab.scale_port}", "record:=true", f"bag_dir:={tmp_path / 'bags'}",
            *arguments,
        )  # fmt: skip
        wait(lambda: lab.poured > 5e-6, lambda: f"the pour:\n{graph.output}", 150)
        return graph

    return run


@pytest.mark.parametrize("node", ["policy", "recorder"])
@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(400)
def test_a_node_killed_in_mid_pour_leaves_the_vessel_upright_and_the_recording_readable(
    begin, vessel, wait, tmp_path, node
):
    graph = begin("policy:=timed", "camera:=none", "audio:=none")
    graph.kill(node)
    wait(lambda: vessel() < 0.02, lambda: f"the return:\n{graph.output}", 90)
    graph.end(signal.SIGINT)
    assert vessel() < 0.02, graph.output
    assert node in graph.output
    (bag,) = (tmp_path / "bags").iterdir()
    if node == "recorder":
        repair = subprocess.run(["multigen", "repair-bag", str(bag)], check=False)
        assert repair.returncode == 0
    with BagReader(bag) as reader:
        assert reader.count(contract.JOINT_STATES) > 100


@pytest.mark.parametrize(
    ("device", "topic"), [("scale", contract.POUR_STATE), ("camera", contract.IMAGE)]
)
@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(400)
def test_a_killed_driver_that_the_policy_does_without_comes_back_and_ends_no_pour(
    begin, peer, vessel, wait, small_video, patient, device, topic
):
    progress, received = [], []
    subscribe(peer, contract.PROGRESS, progress.append)
    camera = f"camera_device:={small_video}" if device == "camera" else "camera:=none"
    graph = begin("policy:=timed", camera, "audio:=none", f"params_file:={patient}")
    graph.kill(device)
    subscribe(peer, topic, received.append)
    wait(lambda: received, lambda: f"the driver to return:\n{graph.output}", 90)
    wait(lambda: progress and progress[-1].outcome, lambda: f"the end:\n{graph.output}", 120)
    assert progress[-1].outcome is Outcome.SUCCEEDED, graph.output
    assert vessel() < 0.02, graph.output


@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(400)
def test_a_policy_whose_microphone_keeps_dying_returns_the_vessel_and_the_driver_comes_back(
    begin, peer, vessel, wait, patient, tmp_path
):
    # The room, in which the policy tilts on until it hears a flow.
    room = tmp_path / "room.wav"
    soundfile.write(room, 0.0005 * np.random.default_rng(0).standard_normal(16_000 * 300), 16_000)
    progress, sound = [], []
    subscribe(peer, contract.PROGRESS, progress.append)
    graph = begin(
        "policy:=acoustic", "camera:=none", f"microphone_device:={room}", f"params_file:={patient}"
    )

    def ended():
        for pid in graph.pids("microphone"):
            os.kill(pid, signal.SIGKILL)
        return progress[-1].outcome

    wait(ended, lambda: f"the end:\n{graph.output}", 90)
    assert progress[-1].outcome is Outcome.ABORTED
    assert "inputs lost (audio" in progress[-1].reason
    subscribe(peer, contract.AUDIO, sound.append)
    wait(lambda: sound, lambda: f"the driver to return:\n{graph.output}", 90)
    wait(lambda: vessel() < 0.02, lambda: f"the return:\n{graph.output}", 90)


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
