"""`multigen gripper` with action servers of both types that gripper controllers have had."""

import pytest
from multigen_interfaces.action import Pour
from rclpy.action import ActionServer

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_robot.gripper_command import joint_position

NAME = "robotiq_gripper_controller/gripper_cmd"
KNUCKLE = "robotiq_85_left_knuckle_joint"


@pytest.mark.parametrize(
    ("opening", "position"), [("open", 0.0), ("close", 0.8), ("85", 0.0), ("42.5", 0.4)]
)
def test_an_opening_is_a_position_of_the_joint(arm, opening, position):
    assert joint_position(opening, arm) == (KNUCKLE, pytest.approx(position))


@pytest.mark.parametrize(
    ("opening", "reason"),
    [("90", "opens 0 to 85 mm"), ("-1", "opens 0 to 85 mm"), ("nan", "opens"), ("wide", "open, c")],
)
def test_an_opening_that_cannot_be_is_refused(arm, opening, reason):
    with pytest.raises(MultigenError, match=reason):
        joint_position(opening, arm)


def test_an_arm_without_a_gripper_has_no_opening(arm):
    with pytest.raises(MultigenError, match="has no gripper"):
        joint_position("open", Arm.model_validate({**arm.model_dump(), "gripper": None}))


@pytest.fixture
def serve(peer):
    """Serves an action; keeps the goals it gets."""
    servers, goals = [], []

    def make(action, reached=True, stalled=False):
        def execute(handle):
            goals.append(handle.request)
            handle.succeed()
            result = action.Result()
            if hasattr(result, "stalled"):
                result.reached_goal, result.stalled = reached, stalled
            return result

        servers.append(ActionServer(peer, action, NAME, execute))
        return goals

    yield make
    for server in servers:
        server.destroy()


@pytest.mark.parametrize("kind", ["GripperCommand", "ParallelGripperCommand"])
@pytest.mark.parametrize("held", [False, True])
def test_either_type_of_action_is_found_and_served(serve, start, kind, held):
    actions = pytest.importorskip("control_msgs.action", reason="control_msgs: full ROS only")
    goals = serve(getattr(actions, kind), reached=not held, stalled=held)
    done = start("multigen", "gripper", "42.5")
    assert done.wait() == 0, done.output
    assert ("stopped by what it holds" if held else "arrived") in done.output
    (goal,) = goals
    if kind == "GripperCommand":
        assert goal.command.position == pytest.approx(0.4)
    else:
        assert list(goal.command.name) == [KNUCKLE]
        assert list(goal.command.position) == pytest.approx([0.4])


def test_a_gripper_that_neither_arrives_nor_holds_is_an_error(serve, start):
    actions = pytest.importorskip("control_msgs.action", reason="control_msgs: full ROS only")
    serve(actions.GripperCommand, reached=False)
    start("multigen", "gripper", "close").refuses("did not reach 0.800 rad")


def test_an_action_of_a_type_to_come_is_named(serve, start):
    serve(Pour)
    start("multigen", "gripper", "open").refuses("has type multigen_interfaces/action/Pour; known:")


def test_without_a_gripper_the_way_out_is_told(start):
    start("multigen", "gripper", "open").refuses("launch the arm with its gripper")
