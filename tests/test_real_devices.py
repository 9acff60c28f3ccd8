"""`sim:=false`: the same policy node on device drivers, with devices that need no hardware.

They are a camera that plays a file, a microphone that hears a sound server, a scale
on a pseudo-terminal and the mock arm.
"""

import math
import os
import pty
import signal
import subprocess
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from multigen_audio.pours.scripted import steady_pour
from multigen_core import contract
from multigen_core.arm import Arm, select_joints
from multigen_core.arm.kinematics import forward
from multigen_core.bags import BagReader
from multigen_core.errors import MultigenError
from multigen_core.ros.endpoints import subscribe
from multigen_core.synthesizer import SynthesizerConfig, make_synthesizer
from multigen_core.types import Outcome
from multigen_core.world.recordings import read_recordings, real_data_folder
from multigen_core.world.scene import Scene, TargetSpec
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.evaluate import evaluate

from .virtual_lab import VirtualLab

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(400)]
LAUNCH = Path(__file__).parents[1] / "launch" / "multigen.launch.xml"


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "camera.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30, (640, 480))
    for index in range(60):
        picture = np.full((480, 640, 3), 60, np.uint8)
        cv2.circle(picture, (20 + 10 * index, 240), 30, (200, 160, 40), -1)
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "microphone.wav"
    seconds = np.arange(60 * 16_000) / 16_000
    soundfile.write(path, 0.1 * np.sin(2 * math.pi * 440 * seconds), 16_000)
    return path


@pytest.fixture
def scale_port():
    """A pseudo-terminal on which a laboratory scale tells ten times a second what it weighs."""
    leader, follower = pty.openpty()
    over = threading.Event()

    def weigh():
        while not over.wait(0.1):
            os.write(leader, b"ST,GS,+  123.45 g\r\n")

    thread = threading.Thread(target=weigh)
    thread.start()
    yield os.ttyname(follower)
    over.set()
    thread.join()
    os.close(leader)
    os.close(follower)


def test_the_policy_runs_unchanged_on_devices(
    start, peer, tmp_path, wait, video, recording, scale_port
):
    arm = Arm.load()
    joints, progress, sound, pictures, weights = [], [], [], [], []
    subscribe(peer, contract.JOINT_STATES, joints.append)
    subscribe(peer, contract.PROGRESS, progress.append)
    subscribe(peer, contract.AUDIO, sound.append)
    subscribe(peer, contract.IMAGE, pictures.append)
    subscribe(peer, contract.POUR_STATE, weights.append)
    stack = start(
        "multigen", "launch", str(LAUNCH), "sim:=false", f"camera_device:={video}",
        f"microphone_device:={recording}", f"scale_port:={scale_port}", "policy:=timed",
        "autostart:=true", "target_ml:=60", "exit_after_pour:=true", "record:=true",
        f"bag_dir:={tmp_path / 'bags'}",
    )  # fmt: skip
    assert stack.wait(120) == 0, stack.output

    assert progress[-1].outcome is Outcome.SUCCEEDED
    heights = [forward(arm, select_joints(state, arm.names).positions)[2, 1] for state in joints]
    assert min(heights) < 0.6, "the vessel was tilted"
    assert heights[-1] > 0.995, "and is upright again"
    now = time.time_ns()
    assert abs(now - sound[-1].stamp) < 60e9, "wall time"
    assert pictures[-1].rgb.shape == (480, 640, 3)
    assert weights[-1].poured_mass == pytest.approx(0.0, abs=1e-6), "tared"
    assert math.isnan(weights[-1].source_volume), "a scale cannot know"
    (bag,) = (tmp_path / "bags").iterdir()
    with BagReader(bag) as reader:
        for topic in (contract.AUDIO, contract.IMAGE_COMPRESSED, contract.JOINT_STATES):
            assert reader.count(topic) > 100, topic.name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_launch_in_mid_pour_leaves_the_vessel_upright(start, vessel, wait, number):
    stack = start(
        "multigen", "launch", str(LAUNCH), "sim:=false", "camera:=none", "audio:=none",
        "policy:=timed", "autostart:=true", "target_ml:=150",
    )  # fmt: skip
    wait(lambda: vessel() > 0.7, lambda: f"the vessel to tilt; the graph said:\n{stack.output}")
    assert stack.end(number) == 0, stack.output
    assert vessel() < 0.01, stack.output


def test_ending_every_node_at_once_in_mid_pour_leaves_the_vessel_upright(start_node, vessel, wait):
    # As `ros2 launch` ends them.
    nodes = [
        start_node("multigen_robot", "mock_arm"),
        start_node("multigen_robot", "arm_guard"),
        start_node("multigen_policy", "policy", policy="timed", autostart=True, target_ml=150.0),
    ]
    wait(lambda: vessel() > 0.7, "the vessel to tilt")
    for node in nodes:
        node.child.send_signal(signal.SIGINT)
    assert [node.wait() for node in nodes] == [0, 0, 0]
    assert vessel() < 0.01, nodes[1].output


def test_on_hardware_the_policy_waits_to_be_activated(start, peer, wait, video, recording):
    moved = []
    subscribe(peer, contract.ARM_COMMAND, moved.append)
    joints = []
    subscribe(peer, contract.JOINT_STATES, joints.append)
    start(
        "multigen", "launch", str(LAUNCH), "sim:=false", f"camera_device:={video}",
        f"microphone_device:={recording}", "policy:=timed", "target_ml:=60",
    )  # fmt: skip
    wait(lambda: len(joints) > 300, "three seconds of joint states")
    assert not moved
    activate = start("multigen", "activate")
    assert activate.wait() == 0, activate.output
    wait(lambda: moved, "the arm to be commanded")


@pytest.mark.parametrize(
    ("device", "fault", "reason"),
    [
        ("camera", "framerate: -1.0", "parameter framerate: -1.0 is not between 0.0 and 240.0"),
        ("camera", "camera_info_url: none.yaml", "none.yaml"),
        ("microphone", "device: none.wav", "none.wav"),
    ],
)
def test_a_driver_with_a_bad_parameter_ends_the_launch_in_one_line(
    start, tmp_path, video, recording, device, fault, reason
):
    bad = tmp_path / "bad.yaml"
    bad.write_text(f"/**/{device}: {{ros__parameters: {{{fault}}}}}")
    stack = start(
        "multigen", "launch", str(LAUNCH), "sim:=false", f"camera_device:={video}",
        f"microphone_device:={recording}", f"params_file:={bad}", "policy:=timed",
    )  # fmt: skip
    assert stack.wait(120) == 1
    told = [line for line in stack.output.splitlines() if line.startswith(f"[{device}-")]
    assert sum(f"{device}: error: " in line and reason in line for line in told) == 1, stack.output
    assert not any("Traceback" in line for line in told)
    assert "cannot run as configured: stopping" in stack.output


def heard_pour():
    """Fill [m³] over time [s] and the sound, (N,) at 16 kHz, of a steady pour into a glass."""
    states = list(steady_pour(flow=25e-6, start=0.0, stop=14.0, end=14.0))
    synthesizer = make_synthesizer(SynthesizerConfig("physical", seed=2))
    for state in states:
        synthesizer.push(state)
    sound = np.concatenate([chunk.samples for chunk in synthesizer.pull()])
    times = [state.stamp * 1e-9 for state in states]
    volumes = [state.target_volume for state in states]
    return lambda time: float(np.interp(time, times, volumes)), sound


def recorded_pour():
    """The same of a recording, of a clip that is the whole filling of a straight vessel."""
    try:
        recordings, _ = read_recordings(real_data_folder())
    except MultigenError as error:
        pytest.skip(str(error))
    recording = next(r for r in recordings if r.vessel.name == "container_1")
    sound, rate = soundfile.read(recording.path, dtype="float32")
    assert rate == 16_000
    duration, capacity = len(sound) / rate, recording.vessel.capacity
    loud = 0.1 / max(float(np.sqrt((sound**2).mean())), 1e-6)
    scene = Scene(target=TargetSpec(vessel=recording.vessel))
    fill = lambda time: capacity * min(time / duration, 1.0)  # noqa: E731
    return fill, (loud * sound).clip(-1, 1), scene


def wait_for_end(stack, lab):
    try:
        stack.child.wait(240)
    except subprocess.TimeoutExpired:
        lab.skip_if_stalled()
        stack.wait(1)


def listen_and_pour(start, peer, tmp_path, video, patient, policy, pour, scene):
    """Pour 120 ml by the graph on virtual devices; the lab, the progress and the bag's result."""
    fill, sound = pour
    lab, progress = VirtualLab(peer, fill, sound, scene), []
    subscribe(peer, contract.PROGRESS, progress.append)
    file = tmp_path / "scene.yaml"
    file.write_text(scene.model_dump_json())
    try:
        stack = start(
            "multigen", "launch", str(LAUNCH), "sim:=false", f"camera_device:={video}",
            "microphone_device:=pulse", f"scale_port:={lab.scale_port}", f"scene:={file}",
            f"policy:={policy}", "autostart:=true", "target_ml:=120", "exit_after_pour:=true",
            "record:=true", f"bag_dir:={tmp_path / 'bags'}", f"params_file:={patient}",
        )  # fmt: skip
        wait_for_end(stack, lab)
    finally:
        lab.close()
    if not progress or progress[-1].outcome is not Outcome.SUCCEEDED:
        lab.skip_if_stalled()
    (bag,) = (tmp_path / "bags").iterdir()
    (result,) = evaluate(load_episode(bag))
    assert progress, stack.output
    return lab, progress, result, stack


@pytest.mark.parametrize("policy", ["acoustic", "audiovisual"])
def test_the_shipped_policies_pour_by_a_microphone_and_return_upright(
    start, peer, tmp_path, virtual_microphone, small_video, patient, policy
):
    lab, progress, result, stack = listen_and_pour(
        start, peer, tmp_path, small_video, patient, policy, heard_pour(), Scene()
    )
    assert progress[-1].outcome is Outcome.SUCCEEDED, stack.output
    assert max(lab.tilts) > 0.7, "it poured"
    assert lab.tilts[-1] < 0.02, "and is upright again"
    assert 60 < lab.poured * 1e6 < 240, "it stopped near its goal of 120 ml"
    assert result["poured_ml"] == pytest.approx(lab.poured * 1e6, abs=1.0), "by the scale"
    assert result["outcome"] == "succeeded"
    assert not result["simulated"]


def test_a_policy_pours_while_it_hears_a_real_recording(
    start, peer, tmp_path, virtual_microphone, small_video, patient
):
    fill, sound, scene = recorded_pour()
    lab, progress, result, stack = listen_and_pour(
        start, peer, tmp_path, small_video, patient, "acoustic", (fill, sound), scene
    )
    assert progress[-1].outcome is Outcome.SUCCEEDED, stack.output
    assert 60 < lab.poured * 1e6 < 240, "it stopped near its goal of 120 ml"
    assert lab.tilts[-1] < 0.02, "and is upright again"
    assert result["poured_ml"] == pytest.approx(lab.poured * 1e6, abs=1.0), "by the scale"
