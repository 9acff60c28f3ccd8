import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.time import Time
from std_srvs.srv import SetBool, Trigger

from multigen_core import contract
from multigen_core.arm.trajectory import hold
from multigen_core.ros.node import publisher, subscribe

from .isaac_machine import IsaacMachine

TOPICS = (
    contract.JOINT_STATES,
    contract.LIQUID_STATE,
    contract.POUR_STATE,
    contract.IMAGE,
    contract.IMAGE_COMPRESSED,
    contract.AUDIO_VIEW,
    contract.CAMERA_INFO,
)
FIGURES = (
    "real_time_factor",
    "step_ms",
    "render_ms",
    "overruns",
    "rejected_commands",
    "collisions",
)


def test_publishes_the_contract_and_follows_trajectories(start_node, peer, call, health, wait):
    heard = {topic.name: [] for topic in TOPICS}
    for topic in TOPICS:
        subscribe(peer, topic, heard[topic.name].append)
    diagnostics = []
    subscribe(peer, contract.DIAGNOSTICS, diagnostics.append)
    command = publisher(peer, contract.ARM_COMMAND)
    simulator = start_node("multigen_sim", "simulator", scene="default")
    wait(lambda: all(heard.values()) and health.count("/simulator"), "every topic")
    assert heard[contract.IMAGE.name][-1].rgb.shape == (240, 320, 3)
    assert heard[contract.CAMERA_INFO.name][-1].calibration.matrix[0, 0] > 100
    joints = heard[contract.JOINT_STATES.name]
    goal = joints[-1].positions[:7] + 0.03
    wait(lambda: command.subscribers, "the simulator to listen")
    command.send(hold(joints[-1].names[:7], goal))
    wait(lambda: np.abs(joints[-1].positions[:7] - goal).max() < 2e-3, "the arm to obey")
    command.send(hold(("elbow",), np.zeros(1)))
    wait(lambda: "refused" in health.message("/simulator"), "the refusal")
    assert "elbow" in health.message("/simulator")
    assert all(np.isfinite(health.value("/simulator", figure)) for figure in FIGURES)

    low = joints[-1].positions[:7].copy()
    low[1] += 0.6
    command.send(hold(joints[-1].names[:7], low))
    wait(lambda: health.value("/simulator", "collisions") > 0, "the collision")
    assert "collision of" in simulator.output

    before = joints[-1].stamp
    assert call(Trigger, "simulator/reset").success
    wait(lambda: joints[-1].stamp > before + 200_000_000, "the world after its reset")
    assert np.abs(joints[-1].positions[:7] - goal).max() > 0.02
    assert (np.diff([state.stamp for state in joints]) > 0).all()

    assert call(SetBool, "simulator/pause", SetBool.Request(data=True)).success
    wait(lambda: "paused" in health.message("/simulator"), "the pause")
    standing, count = joints[-1].stamp, health.count("/simulator")
    wait(lambda: health.count("/simulator") > count + 1, "steady time to go on")
    assert joints[-1].stamp <= standing + 20_000_000
    stamp = Time.from_msg(diagnostics[-1].header.stamp).nanoseconds
    assert stamp == pytest.approx(joints[-1].stamp, abs=20_000_000), "simulated time"
    assert simulator.end() == 0


@pytest.mark.parametrize("fault", ["die", "hang"])
def test_a_backend_whose_process_dies_or_hangs_leaves_the_node_usable(
    start_node, peer, health, wait, tmp_path, monkeypatch, fault
):
    pytest.importorskip("pxr", reason="pip install usd-core")
    machine = IsaacMachine(tmp_path, particles=100)
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    machine.behaves(fault=fault, at_step=300)
    joints = []
    subscribe(peer, contract.JOINT_STATES, joints.append)
    simulator = start_node("multigen_sim", "simulator", backend="isaac")
    wait(lambda: "reset to start it again" in health.message("/simulator"), "the loss", 150.0)
    assert health.level("/simulator") == DiagnosticStatus.ERROR
    wait(lambda: "simulator/reset" in simulator.output, "the log")
    assert "never been executed in Isaac Sim by us" in simulator.output
    stood = joints[-1].stamp
    machine.behaves()
    reset = peer.create_client(Trigger, "simulator/reset")
    wait(reset.service_is_ready, "the service")
    reset.call_async(Trigger.Request())
    wait(lambda: joints[-1].stamp > stood + 20_000_000, "time to go on", 150.0)
    wait(lambda: health.message("/simulator") == "running", "its health")
    assert simulator.end() == 0
    assert sum("simulator/reset" in line for line in simulator.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scene": "atlantis"}, "atlantis"),
        ({"backend": "isaac"}, "ISAAC_SIM_PATH"),
        ({"backend": "atlantis"}, "atlantis"),
        ({"max_audio_lead": 0.05}, "max_audio_lead"),
        ({"camera_rate": 200.0}, "camera_rate"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_parameters_end_it_with_one_line(start_node, parameters, message):
    start_node("multigen_sim", "simulator", **parameters).refuses(message)
