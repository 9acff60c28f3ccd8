"""The policy node as a process of a real graph, with an arm that follows perfectly."""

import threading
import time

import numpy as np
import pytest
from multigen_interfaces.action import Pour
from rclpy.action import ActionClient

from multigen_core import contract
from multigen_core.ros.endpoints import publisher, subscribe
from multigen_core.trajectory import TrajectoryFollower
from multigen_core.types import JointState, Outcome


class PerfectArm:
    """Follows what the policy sends, without a guard."""

    def __init__(self, node, arm, start):
        self.follower = TrajectoryFollower(arm.names, start)
        self.lock = threading.Lock()
        self.silent = False
        self.positions = start
        self._arm = arm
        self._sender = publisher(node, contract.JOINT_STATES)
        subscribe(node, contract.GUARD_COMMAND, self.obey)
        node.create_timer(0.02, self.tell)

    def obey(self, trajectory):
        with self.lock:
            self.follower.accept(trajectory, time.time_ns())

    def tell(self):
        now = time.time_ns()
        with self.lock:
            self.positions, velocities = self.follower.sample(now)
        if not self.silent:
            self._sender.send(JointState(now, self._arm.names, self.positions, velocities))


@pytest.fixture
def robot(peer, arm, path):
    return PerfectArm(peer, arm, path.at(0.0) + 0.01)


@pytest.fixture
def progress(peer):
    heard = []
    subscribe(peer, contract.PROGRESS, heard.append)
    return heard


def send_goal(peer, wait, **goal):
    client = ActionClient(peer, Pour, "pour")
    wait(client.server_is_ready, "the pour action")
    future = client.send_goal_async(Pour.Goal(**goal))
    wait(future.done, "the goal's answer")
    return future.result()


def begin(peer, wait, **goal):
    """Sends a goal until it is accepted: the node needs a moment to see the arm."""
    for _ in range(100):
        handle = send_goal(peer, wait, **goal)
        if handle.accepted:
            return handle
        time.sleep(0.1)
    pytest.fail("the goal was never accepted")


def test_pours_on_request_and_returns_upright(start_node, peer, robot, progress, path, wait):
    start_node("multigen_policy", "policy", policy="timed")
    goal = begin(peer, wait, target_volume=40e-6)
    assert not send_goal(peer, wait, target_volume=40e-6).accepted, "a second goal is refused"
    result = goal.get_result_async()
    wait(result.done, "the result")
    answer = result.result().result
    assert answer.outcome == "succeeded"
    assert answer.estimated_volume == pytest.approx(40e-6, abs=3e-6)
    assert path.tilt_of(robot.positions) < 0.05
    stages = [p.stage for p in progress]
    assert stages.index("pour") < stages.index("return")
    assert progress[-1].outcome is Outcome.SUCCEEDED


def test_cancel_brings_the_vessel_upright(start_node, peer, robot, progress, path, wait):
    start_node("multigen_policy", "policy", policy="timed", target_ml=100.0)
    wait(lambda: path.tilt_of(robot.positions) > 0.3, "the vessel to tilt")
    client = ActionClient(peer, Pour, "pour")
    wait(client.server_is_ready, "the pour action")
    # A pour begun by parameter has no goal handle; deactivation ends it as a cancel would.
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState

    change = peer.create_client(ChangeState, "policy/change_state")
    wait(change.service_is_ready, "the lifecycle service")
    change.call_async(
        ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
    )
    wait(lambda: path.tilt_of(robot.positions) < 0.05, "the vessel to come back")


def test_impossible_goals_are_refused_with_the_reason(start_node, peer, robot, wait):
    node = start_node("multigen_policy", "policy", policy="timed")
    for volume in (-1e-6, float("nan"), 0.0, 5e-3):
        assert not send_goal(peer, wait, target_volume=volume).accepted
    wait(lambda: "cannot pour 5000 ml" in node.output, "the reason")
    assert not send_goal(peer, wait, fill_fraction=0.5).accepted
    wait(lambda: "vessel_known:=true" in node.output, "the reason")


def test_an_impossible_target_ml_ends_the_node_in_one_line(start_node, robot):
    node = start_node("multigen_policy", "policy", policy="timed", target_ml=5000.0)
    assert node.wait() == 1
    assert "error: cannot pour 5000 ml" in node.output
    assert "Traceback" not in node.output


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scene": "nowhere"}, "nowhere: no such file, nor one of the shipped scenes"),
        ({"policy": "magic"}, "parameter policy: 'magic' is not one of"),
        ({"rate": 1000.0}, "parameter rate"),
        ({"arm_file": "gen7"}, "gen7: no such file, nor one of the shipped arms: gen3"),
    ],
)
def test_bad_parameters_end_the_node_in_one_line(start_node, parameters, message):
    node = start_node("multigen_policy", "policy", **parameters)
    assert node.wait() == 1
    assert message in node.output
    assert "Traceback" not in node.output


def test_silent_joints_end_the_pour_with_the_reason(start_node, robot, progress, path, wait):
    start_node("multigen_policy", "policy", policy="timed", target_ml=100.0)
    wait(lambda: path.tilt_of(robot.positions) > 0.2, "the vessel to tilt")
    robot.silent = True
    wait(lambda: progress and progress[-1].outcome, "the end of the pour")
    assert progress[-1].outcome is Outcome.ABORTED
    assert "joints" in progress[-1].reason


def test_exits_after_the_pour_when_asked(start_node, robot, path):
    node = start_node(
        "multigen_policy", "policy", policy="timed", target_ml=30.0, exit_after_pour=True
    )
    assert node.wait() == 0
    assert np.isclose(path.tilt_of(robot.positions), 0.0, atol=0.05)
