"""The guard's node with the mock arm's, as processes on a real graph."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory, hold
from multigen_core.cli import main
from multigen_core.guard.upright import Upright
from multigen_core.ros.endpoints import publisher, subscribe
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene

ARM = Arm.load("gen3")
PATH = plan_pour(Station.of(Scene(), ARM))
START = ",".join(f"{value:.6f}" for value in PATH.at(0.0))


def tilting(begin, end, seconds):
    """A smooth motion of the tilt along the pour path, at rest at both ends."""
    u = np.arange(1, round(10 * seconds) + 1) / round(10 * seconds)
    tilts = begin + (end - begin) * u * u * (3 - 2 * u)
    rates = (end - begin) * 6 * u * (1 - u) / seconds
    velocities = PATH.slope(tilts) * rates[:, None]
    velocities[-1] = 0.0
    return Trajectory(ARM.names, seconds * u, PATH.at(tilts), velocities)


class Graph:
    """What a test sees and does on the graph."""

    def __init__(self, node, wait, meet, health):
        self._wait, self._meet, self._health = wait, meet, health
        self.states, self.forwarded, self.stopped = [], [], []
        subscribe(node, contract.JOINT_STATES, self.states.append)
        subscribe(node, contract.ARM_COMMAND, self.forwarded.append)
        subscribe(node, contract.STOPPED, self.stopped.append)
        self._sender = publisher(node, contract.GUARD_COMMAND)
        self._upright = Upright(ARM)

    @property
    def tilt(self):
        return self._upright.tilt(self.states[-1].positions[:7]) if self.states else np.nan

    def value(self, key):
        return self._health.value("/arm_guard", key)

    def level(self):
        return self._health.level("/arm_guard")

    def ready(self):
        self._wait(lambda: self._sender.subscribers, "the guard")
        self._meet("arm_guard")
        self._wait(lambda: self.value("tilt") == self.value("tilt"), "the guard's joints")
        self._wait(lambda: self.states, "joint states")

    def send(self, trajectory):
        self._sender.send(trajectory)


@pytest.fixture
def graph(peer, wait, meet, health):
    return Graph(peer, wait, meet, health)


@pytest.fixture
def robot(start_node, graph):
    """A guard and a mock arm that stands where a pour begins."""
    start_node("multigen_robot", "mock_arm", start_positions=f"'{START}'")
    guard = start_node("multigen_robot", "arm_guard", state_timeout=2.0, command_timeout=2.0)
    graph.ready()
    return guard


def test_a_good_command_moves_the_arm_and_silence_returns_it_upright(robot, graph, wait):
    # One that ends tilted; the tilt it reaches before the guard steps in is enough to see.
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.tilt > 0.1, "the arm to tilt")
    wait(lambda: len(graph.forwarded) >= 2, "the retreat")
    retreat = graph.forwarded[1]
    wait(lambda: graph.tilt < 0.01, "the arm to be upright again")
    np.testing.assert_allclose(retreat.positions[-1], PATH.at(0.0), atol=0.02)
    assert np.abs(retreat.velocities).max() < 0.5 * 0.8727
    wait(lambda: graph.value("retreats") == 1, "the count")
    assert graph.value("accepted") == 1
    assert "returning it upright" in robot.output


def test_bad_commands_are_refused_logged_and_counted_by_rule(robot, graph, wait):
    good = tilting(0.0, 0.03, 1.0)
    jump = hold(ARM.names, PATH.at(1.0))
    graph.send(jump)
    wait(lambda: graph.value("rejected_jump") == 1, "the jump's count")
    graph.send(Trajectory(("joint_1",), good.times, good.positions[:, :1], good.velocities[:, :1]))
    wait(lambda: graph.value("rejected_names") == 1, "the names' count")
    graph.send(Trajectory(ARM.names, np.empty(0), np.empty((0, 7)), np.empty((0, 7))))
    wait(lambda: graph.value("rejected_form") == 1, "the empty one's count")
    assert graph.forwarded == []
    assert "command refused, jump: joint_" in robot.output
    assert graph.level() == b"\x01"
    graph.send(good)
    wait(lambda: graph.forwarded, "the good command")
    wait(lambda: graph.level() == b"\x00", "good health")


def test_a_command_without_velocities_is_counted_too(robot, graph, peer, wait):
    point = JointTrajectoryPoint(positions=PATH.at(0.0).tolist())
    point.time_from_start.sec = 1
    graph._sender.publish(JointTrajectory(joint_names=list(ARM.names), points=[point]))
    wait(lambda: graph.value("rejected_form") == 1, "the count")
    assert "has 0 velocities for 7 joints" in robot.output


def test_stop_freezes_latches_and_is_lifted_by_reset(robot, graph, wait, call):
    wait(lambda: graph.stopped == [False], "the latched state")
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.tilt > 0.05, "motion")
    assert call(Trigger, "arm_guard/stop").success
    wait(lambda: graph.stopped[-1], "the stop on its topic")
    wait(lambda: len(graph.forwarded) == 2, "the hold")
    freeze = graph.forwarded[1]
    np.testing.assert_array_equal(freeze.times, [0.3])
    np.testing.assert_array_equal(freeze.velocities, np.zeros((1, 7)))
    time.sleep(1.0)
    count, tilt = len(graph.states), graph.tilt
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.value("rejected_stopped") == 1, "the refusal")
    time.sleep(1.5)
    assert len(graph.states) > count
    assert graph.tilt == pytest.approx(tilt, abs=0.005)
    assert graph.level() == b"\x02"
    assert call(Trigger, "arm_guard/reset").success
    wait(lambda: not graph.stopped[-1], "the reset on its topic")
    graph.send(hold(ARM.names, graph.states[-1].positions[:7]))
    wait(lambda: len(graph.forwarded) >= 3, "the command after the reset")


def test_a_guard_that_is_asked_to_end_brings_the_vessel_upright_first(robot, graph, wait):
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.tilt > 0.1, "the arm to tilt")
    assert robot.end() == 0
    wait(lambda: graph.tilt < 0.01, "the arm to be upright again")
    assert len(graph.forwarded) == 2
    assert "exiting with the vessel tilted" not in robot.output


def test_a_mock_arm_asked_to_end_with_its_guard_carries_the_return_out(start_node, graph, wait):
    arm = start_node("multigen_robot", "mock_arm", start_positions=f"'{START}'")
    guard = start_node("multigen_robot", "arm_guard", state_timeout=2.0, command_timeout=2.0)
    graph.ready()
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.tilt > 0.1, "the arm to tilt")
    for process in (arm, guard):
        process.child.send_signal(signal.SIGINT)
    assert (arm.wait(), guard.wait()) == (0, 0)
    assert graph.tilt < 0.05


def worker(robot):
    """The process of the guard itself, below its watchdog."""
    (pid,) = robot.family - {robot.child.pid}
    return pid


@pytest.mark.parametrize("blow", [signal.SIGSTOP, signal.SIGKILL])
def test_a_guard_that_hangs_or_dies_is_replaced_and_the_vessel_comes_upright(
    robot, graph, wait, blow
):
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.tilt > 0.1, "the arm to tilt")
    os.kill(worker(robot), blow)
    # Nobody commands the arm any more.
    wait(lambda: len(graph.forwarded) == 2, "the retreat of the new guard")
    wait(lambda: graph.tilt < 0.01, "the arm to be upright again")
    fate = {signal.SIGSTOP: "hung and was killed", signal.SIGKILL: "died of SIGKILL"}[blow]
    assert f"arm_guard: error: {fate}; restarting" in robot.output
    assert "resuming: arm" in robot.output
    assert robot.end() == 0


def test_a_stop_outlives_the_guard(robot, graph, wait, call):
    assert call(Trigger, "arm_guard/stop").success
    wait(lambda: graph.stopped[-1:] == [True], "the stop on its topic")
    os.kill(worker(robot), signal.SIGKILL)
    wait(lambda: "resuming: stop" in robot.output, "the new guard")

    def refused():
        graph.send(tilting(0.0, 0.1, 1.0))
        return graph.value("rejected_stopped") >= 1

    wait(refused, "the refusal")
    wait(lambda: graph.stopped == [False, True, True], "the stop from the new guard")
    assert graph.forwarded[1:] == []
    assert robot.end() == 0


def test_a_guard_whose_watchdog_is_killed_ends_but_leaves_no_vessel_tilted(robot, graph, wait):
    graph.send(tilting(0.0, 0.8, 4.0))
    wait(lambda: graph.tilt > 0.1, "the arm to tilt")
    pid = worker(robot)
    robot.child.kill()
    wait(lambda: not Path(f"/proc/{pid}").exists(), "the guard's end")
    assert "its watchdog is gone" in robot.output
    wait(lambda: graph.tilt < 0.01, "the arm to be upright again")


def test_a_second_guard_of_the_arm_is_refused_and_another_arms_is_not(robot, start_node, wait):
    start_node("multigen_robot", "arm_guard").refuses("another guard controls this arm")
    other = start_node("multigen_robot", "arm_guard", __ns="/left")
    wait(lambda: "/left" in other.output or other.child.poll() is None, "its start")
    assert robot.child.poll() is None


def test_a_second_launch_is_refused_before_it_starts_anything(robot, capfd):
    assert main(["check", "--guard", ""]) == 1
    assert (
        "a guard already controls the arm on /joint_trajectory_controller" in capfd.readouterr().err
    )
    assert main(["check", "--guard", "left"]) == 0


def test_a_guard_that_hears_of_one_elsewhere_is_refused(start_node, peer):
    # As from another machine, where no claim on this one's names tells of it.
    stopped = publisher(peer, contract.STOPPED)
    stopped.send(False)
    start_node("multigen_robot", "arm_guard").refuses("another guard controls this arm")


def test_without_joint_states_commands_are_refused(start_node, graph, wait, meet):
    guard = start_node("multigen_robot", "arm_guard")
    wait(lambda: graph._sender.subscribers, "the guard")
    meet("arm_guard")
    graph.send(tilting(0.0, 0.1, 1.0))
    wait(lambda: graph.value("rejected_state") == 1, "the refusal")
    assert "no joint states received yet" in guard.output


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"velocity_scale": 1.5}, "velocity_scale"),
        ({"arm_file": "no_such_arm"}, "no_such_arm"),
    ],
)
def test_wrong_parameters_end_the_node_with_one_line(start_node, parameters, word):
    start_node("multigen_robot", "arm_guard", **parameters).refuses(word)
