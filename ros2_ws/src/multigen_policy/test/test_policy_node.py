"""The policy node as a process of a real graph, with an arm that follows perfectly."""

import signal
import threading
import time

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from multigen_interfaces.action import Pour
from rclpy.action import ActionClient
from std_srvs.srv import Trigger

from multigen_core import contract
from multigen_core.arm.trajectory import TrajectoryFollower
from multigen_core.ros.endpoints import publisher, subscribe
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


@pytest.fixture
def change_state(call):
    def change(transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return call(ChangeState, "policy/change_state", request).success

    return change


@pytest.fixture
def policy(start_node, robot, health, wait):
    """The node, ready to pour."""
    node = start_node("multigen_policy", "policy", policy="timed")
    wait(lambda: health.message("/policy") == "ready", "a ready policy")
    return node


@pytest.mark.parametrize(
    ("transition", "reason"),
    [
        (Transition.TRANSITION_DEACTIVATE, "policy deactivated"),
        (Transition.TRANSITION_ACTIVE_SHUTDOWN, "policy shut down"),
    ],
)
def test_leaving_the_active_state_ends_a_pour_with_the_vessel_upright(
    policy, peer, robot, progress, path, wait, change_state, transition, reason
):
    result = begin(peer, wait, target_volume=100e-6).get_result_async()
    wait(lambda: path.tilt_of(robot.positions) > 0.3, "the vessel to tilt")
    assert change_state(transition)
    wait(result.done, lambda: f"the result; the node said:\n{policy.output}")
    assert result.result().result.reason == reason
    assert progress[-1].outcome is Outcome.CANCELED
    wait(lambda: path.tilt_of(robot.positions) < 0.05, "the vessel to come back")
    assert not send_goal(peer, wait, target_volume=40e-6).accepted


def test_a_transition_that_does_not_fit_is_refused_and_the_node_lives(policy, change_state):
    assert not change_state(Transition.TRANSITION_CONFIGURE)
    assert not change_state(99)
    assert change_state(Transition.TRANSITION_DEACTIVATE)
    assert "Traceback" not in policy.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_pour_command_cancels_and_waits_for_upright(
    policy, start, robot, progress, path, wait, number
):
    pour = start("multigen", "pour", "--target-ml", "100")
    wait(lambda: path.tilt_of(robot.positions) > 0.3, "the vessel to tilt")
    assert pour.end(number) == 1
    assert pour.output.startswith("canceled: about")
    assert progress[-1].outcome is Outcome.CANCELED
    assert path.tilt_of(robot.positions) < 0.05


def test_the_pour_command_ends_when_the_policy_dies(policy, start, robot, path, wait):
    pour = start("multigen", "pour", "--target-ml", "100")
    wait(lambda: path.tilt_of(robot.positions) > 0.2, "the vessel to tilt")
    policy.child.kill()
    pour.refuses("multigen pour: error: the policy exited during the pour")


def test_activate_works_from_any_state_and_pour_tells_why_it_is_refused(
    start_node, start, robot, health, wait
):
    start_node("multigen_policy", "policy", policy="timed", told="station", autostart=False)
    start("multigen", "pour", "--target-ml", "40").refuses("run: multigen activate")
    assert start("multigen", "activate").wait() == 0
    assert start("multigen", "activate").wait() == 0
    wait(lambda: health.message("/policy") == "ready", "a ready policy")
    start("multigen", "pour", "--target-ml", "5000").refuses("cannot pour 5000 ml")


def test_a_command_finds_the_namespace_of_the_graph(peer, start):
    peer.create_service(Trigger, "/robot1/arm_guard/stop", lambda _, response: response)
    start("multigen", "stop").refuses("under / in 10 s; try --namespace robot1")


def test_impossible_goals_are_refused_with_the_reason(start_node, peer, robot, wait):
    node = start_node("multigen_policy", "policy", policy="timed", told="station")
    for volume in (-1e-6, float("nan"), 0.0, 5e-3):
        assert not send_goal(peer, wait, target_volume=volume).accepted
    wait(lambda: "cannot pour 5000 ml" in node.output, "the reason")
    assert not send_goal(peer, wait, fill_fraction=0.5).accepted
    wait(lambda: "told:=target" in node.output, "the reason")


def test_an_impossible_target_ml_ends_the_node_in_one_line(start_node, robot):
    start_node("multigen_policy", "policy", policy="timed", target_ml=5000.0).refuses(
        "error: 5000 ml would overflow the straight_glass"
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scene": "nowhere"}, "nowhere: no such file; shipped scenes"),
        (
            {"policy": "magic"},
            "policy 'magic' is not available; available: acoustic, audiovisual, timed",
        ),
        ({"rate": 1000.0}, "parameter rate: 1000.0 is not between 1.0 and 50.0"),
        ({"device": "tpu"}, "parameter device: 'tpu' is invalid"),
        ({"arm_file": "gen7"}, "gen7: no such file; shipped arms: gen3"),
    ],
)
def test_bad_parameters_end_the_node_in_one_line(start_node, parameters, message):
    start_node("multigen_policy", "policy", **parameters).refuses(message)


def test_a_broken_parameter_file_ends_the_node_in_one_line(start_node, start, tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [1\n b")
    executable = start_node("multigen_policy", "policy").child.args[0]
    start(executable, "--ros-args", "--params-file", str(tmp_path / "broken.yaml")).refuses(
        "policy: error: failed to initialize rcl: Couldn't parse params file"
    )


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
