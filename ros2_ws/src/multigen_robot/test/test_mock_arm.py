import numpy as np
import pytest

from multigen_core.arm import Arm, JointNameError
from multigen_core.arm.trajectory import Trajectory, TrajectoryError, hold
from multigen_core.types import to_nanoseconds
from multigen_robot.mock_arm import MockArm


@pytest.fixture(scope="module")
def arm():
    return Arm.load("gen3")


def test_it_rests_where_it_starts_and_reports_the_gripper(arm):
    state = MockArm(arm, arm.home, gripper=0.4).state(5)
    assert state.names == (*arm.names, "robotiq_85_left_knuckle_joint")
    np.testing.assert_array_equal(state.positions, [*arm.home, 0.4])
    np.testing.assert_array_equal(state.velocities, 0.0)
    assert state.stamp == 5


def test_it_reaches_the_commanded_positions_in_any_joint_order(arm):
    mock = MockArm(arm, arm.home)
    goal = arm.home + np.linspace(0.01, 0.07, 7)
    command = Trajectory(
        arm.names[::-1], np.array([1.0]), goal[::-1][None].copy(), np.zeros((1, 7))
    )
    mock.command(command, 0)
    half = mock.state(to_nanoseconds(0.5))
    np.testing.assert_allclose(half.positions[:7], (arm.home + goal) / 2)
    np.testing.assert_allclose(half.velocities[:7], 1.5 * (goal - arm.home))
    np.testing.assert_allclose(mock.state(to_nanoseconds(1.0)).positions[:7], goal)


def test_positions_alone_are_followed_in_straight_lines_as_by_the_controller(arm):
    mock = MockArm(arm, arm.home)
    goals = arm.home + np.array([0.1, 0.3])[:, None]
    mock.command(Trajectory(arm.names, np.array([1.0, 2.0]), goals, np.full((2, 7), np.nan)), 0)
    middle = mock.state(to_nanoseconds(1.5))
    np.testing.assert_allclose(middle.positions[:7], arm.home + 0.2)
    np.testing.assert_allclose(middle.velocities[:7], 0.2)
    np.testing.assert_allclose(mock.state(to_nanoseconds(2.5)).positions[:7], arm.home + 0.3)


def test_with_lag_it_trails_a_steady_motion_by_the_time_constant(arm):
    mock = MockArm(arm, arm.home, lag=0.05)
    ramp = Trajectory(
        arm.names,
        np.array([0.1, 3.0, 3.1]),
        arm.home + np.array([0.01, 0.59, 0.6])[:, None],
        np.array([0.2, 0.2, 0.0])[:, None] * np.ones(7),
    )
    mock.state(0)
    mock.command(ramp, 0)
    for step in range(1, 201):
        state = mock.state(step * 10_000_000)
    np.testing.assert_allclose(state.velocities[:7], 0.2, rtol=0.15)
    np.testing.assert_allclose(arm.home + 0.39 - state.positions[:7], 0.05 * 0.2, rtol=0.15)


def test_noise_is_of_the_given_size_and_seeded(arm):
    def read():
        mock = MockArm(arm, arm.home, noise=1e-3, seed=3)
        return np.array([mock.state(i).positions[:7] - arm.home for i in range(400)])

    np.testing.assert_array_equal(read(), read())
    assert read().std() == pytest.approx(1e-3, rel=0.1)


def test_it_refuses_what_a_controller_refuses(arm):
    mock = MockArm(arm, arm.home)
    with pytest.raises(JointNameError):
        mock.command(hold(("joint_1",), np.zeros(1)), 0)
    empty = Trajectory(arm.names, np.empty(0), np.empty((0, 7)), np.empty((0, 7)))
    with pytest.raises(TrajectoryError, match="empty"):
        mock.command(empty, 0)
