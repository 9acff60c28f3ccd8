import subprocess
import sys
import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from domain_coordinator import domain_id  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from sensor_msgs.msg import CameraInfo  # noqa: E402
from std_srvs.srv import SetBool, Trigger  # noqa: E402

from multigen_core import contract  # noqa: E402
from multigen_core.ros.node import publisher, subscribe  # noqa: E402
from multigen_core.trajectory import hold  # noqa: E402

PROGRAM = "from multigen_sim.simulator_node import main; main()"


def launch(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--ros-args", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )


class Listener:
    def __init__(self):
        self.node = rclpy.create_node("listener")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.items = {}

    def hear(self, topic):
        self.items[topic] = []
        subscribe(self.node, topic, self.items[topic].append)
        return self.items[topic]

    def until(self, condition, timeout=30.0):
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, "nothing came in time"
            self._executor.spin_once(timeout_sec=0.1)

    def call(self, kind, name, request):
        client = self.node.create_client(kind, name)
        self.until(client.service_is_ready)
        future = client.call_async(request)
        self.until(future.done)
        return future.result()


@pytest.fixture
def domain(monkeypatch):
    with domain_id() as number:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        monkeypatch.setenv("ROS_PYTHON_CHECK_FIELDS", "1")
        yield


@pytest.fixture
def listener(domain):
    rclpy.init()
    yield Listener()
    rclpy.shutdown()


@pytest.fixture
def simulator(domain):
    process = launch("-p", "scene:=default")
    yield process
    process.terminate()
    assert process.wait(15) == 0
    process.stderr.close()


def test_publishes_the_contract_and_follows_trajectories(simulator, listener):
    topics = (
        contract.CLOCK,
        contract.JOINT_STATES,
        contract.LIQUID_STATE,
        contract.POUR_STATE,
        contract.IMAGE,
        contract.IMAGE_COMPRESSED,
        contract.AUDIO_VIEW,
    )
    heard = {topic.name: listener.hear(topic) for topic in topics if topic is not contract.CLOCK}
    infos, health = [], []
    listener.node.create_subscription(
        CameraInfo, contract.CAMERA_INFO.name, infos.append, rclpy.qos.qos_profile_sensor_data
    )
    listener.node.create_subscription(DiagnosticArray, "/diagnostics", health.append, 10)
    command = publisher(listener.node, contract.ARM_COMMAND)
    listener.until(lambda: all(heard.values()) and infos and health)
    frame = heard[contract.IMAGE.name][-1]
    assert frame.rgb.shape == (240, 320, 3)
    assert infos[-1].k[0] > 100
    joints = heard[contract.JOINT_STATES.name]
    goal = joints[-1].positions[:7] + 0.03
    command.send(hold(joints[-1].names[:7], goal))
    listener.until(lambda: np.abs(joints[-1].positions[:7] - goal).max() < 2e-3)
    command.send(hold(("elbow",), np.zeros(1)))
    listener.until(lambda: "refused" in health[-1].status[0].message)
    assert "elbow" in health[-1].status[0].message
    values = {item.key: item.value for item in health[-1].status[0].values}
    assert {"real_time_factor", "step_ms", "render_ms", "overruns", "rejected_commands"} <= set(
        values
    )

    before = joints[-1].stamp
    assert listener.call(Trigger, "simulator/reset", Trigger.Request()).success
    listener.until(lambda: joints[-1].stamp > before + 200_000_000)
    assert np.abs(joints[-1].positions[:7] - goal).max() > 0.02
    assert (np.diff([state.stamp for state in joints]) > 0).all()

    assert listener.call(SetBool, "simulator/pause", SetBool.Request(data=True)).success
    listener.until(lambda: "paused" in health[-1].status[0].message)
    standing = joints[-1].stamp
    count = len(health)
    listener.until(lambda: len(health) > count + 1)
    assert joints[-1].stamp <= standing + 20_000_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-p", "scene:=atlantis"), "atlantis"),
        (("-p", "backend:=isaac"), "isaac"),
        (("-p", "max_audio_lead:=0.05"), "max_audio_lead"),
        (("-p", "camera_rate:=200.0"), "camera_rate"),
        (("-p", "seed:=-1"), "seed"),
    ],
)
def test_wrong_parameters_end_it_with_one_line(domain, arguments, message):
    process = launch(*arguments)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert message in errors
    assert "Traceback" not in errors
