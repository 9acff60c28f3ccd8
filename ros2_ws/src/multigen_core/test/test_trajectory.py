import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.arm import JointNameError
from multigen_core.arm.trajectory import (
    HOLD_TIME,
    Trajectory,
    TrajectoryError,
    TrajectoryFollower,
    hold,
)
from multigen_core.types import NANOSECONDS, to_nanoseconds

NAMES = ("a", "b")


def make(times, positions, velocities=None, names=NAMES, stamp=0):
    positions = np.array(positions, float)
    velocities = np.zeros_like(positions) if velocities is None else np.array(velocities, float)
    return Trajectory(names, np.array(times, float), positions, velocities, stamp)


@pytest.mark.parametrize(
    ("trajectory", "word"),
    [
        (make([], np.empty((0, 2))), "empty"),
        (make([1.0], np.empty((1, 0)), names=()), "no joints"),
        (make([1.0], [[0.0]]), "expected \\(1, 2\\)"),
        (make([1.0], [[0.0, 0.0]], [[0.0]]), "velocities"),
        (make([1.0, 2.0], [[0.0, 0.0]]), "expected \\(2, 2\\)"),
        (make([np.inf], [[0.0, 0.0]]), "times contain NaN or infinity"),
        (make([1.0], [[0.0, np.nan]]), "positions contain NaN"),
        (make([1.0], [[0.0, 0.0]], [[0.0, np.nan]]), "velocities contain NaN"),
        (make([0.0], [[0.0, 0.0]]), "must be positive"),
        (make([1.0, 1.0], [[0.0, 0.0]] * 2), "strictly increasing"),
        (make([1.0], [[0.0, 0.0]], [[0.0, 0.1]]), "last point must have zero velocity"),
    ],
)
def test_malformed_trajectories_are_refused_with_the_reason(trajectory, word):
    with pytest.raises(TrajectoryError, match=word):
        trajectory.check()


def test_joints_are_put_in_order_by_name():
    given = make([1.0], [[1.0, 2.0]], [[3.0, 4.0]], names=("b", "a"), stamp=7)
    ordered = given.reordered(NAMES)
    np.testing.assert_array_equal(ordered.positions, [[2.0, 1.0]])
    np.testing.assert_array_equal(ordered.velocities, [[4.0, 3.0]])
    assert ordered.stamp == 7


@pytest.mark.parametrize(
    ("names", "word"),
    [(("a",), "missing: b"), (("a", "b", "z"), "unknown joints: z"), (("a", "a"), "duplicate")],
)
def test_wrong_joint_names_are_refused(names, word):
    zeros = np.zeros((1, len(names)))
    with pytest.raises(JointNameError, match=word):
        make([1.0], zeros, zeros, names=names).reordered(NAMES)


def test_a_hold_is_one_point_at_rest_a_little_ahead():
    trajectory = hold(NAMES, np.array([1.0, 2.0]))
    trajectory.check()
    np.testing.assert_array_equal(trajectory.times, [HOLD_TIME])
    np.testing.assert_array_equal(trajectory.positions, [[1.0, 2.0]])
    np.testing.assert_array_equal(trajectory.velocities, [[0.0, 0.0]])
    assert hold(NAMES, np.zeros(2), 0.5).times == [0.5]


def test_a_hold_does_not_change_with_the_array_it_was_made_of():
    positions = np.zeros(2)
    trajectory = hold(NAMES, positions)
    positions[0] = 9.0
    assert trajectory.positions[0, 0] == 0.0


def follower(positions=(0.0, 0.0)):
    return TrajectoryFollower(NAMES, np.array(positions))


def test_before_any_trajectory_it_holds_its_start():
    q, v = follower((1.0, 2.0)).sample(123)
    np.testing.assert_array_equal(q, [1.0, 2.0])
    np.testing.assert_array_equal(v, 0.0)


def test_it_passes_every_point_with_its_velocity_and_then_holds():
    arm = follower()
    trajectory = make([0.5, 1.0, 2.0], [[0.1, 0], [0.4, 1], [0.5, 2]], [[0.4, 1], [0.5, 2], [0, 0]])
    arm.accept(trajectory, 1000)
    for time, position, velocity in zip(
        trajectory.times, trajectory.positions, trajectory.velocities, strict=True
    ):
        q, v = arm.sample(1000 + to_nanoseconds(time))
        np.testing.assert_allclose(q, position, atol=1e-12)
        np.testing.assert_allclose(v, velocity, atol=1e-6)
    assert arm.moving(1000 + to_nanoseconds(1.99))
    assert not arm.moving(1000 + to_nanoseconds(2.0))
    q, v = arm.sample(1000 + to_nanoseconds(60))
    np.testing.assert_array_equal(q, [0.5, 2.0])
    np.testing.assert_array_equal(v, 0.0)


def test_a_new_trajectory_drops_the_old_one_and_joins_from_the_desired_state():
    arm = follower()
    arm.accept(make([1.0, 2.0], [[1, 0], [2, 0]], [[1, 0], [0, 0]]), 0)
    now = to_nanoseconds(0.6)
    before = arm.sample(now)
    arm.accept(make([1.0], [[-1.0, 0.0]]), now)
    after = arm.sample(now)
    np.testing.assert_allclose(after[0], before[0])
    np.testing.assert_allclose(after[1], before[1])
    np.testing.assert_array_equal(arm.sample(to_nanoseconds(2.0))[0], [-1.0, 0.0])


def test_a_stamped_trajectory_starts_at_its_stamp_and_passed_points_are_dropped():
    arm = follower()
    stamp = 5 * NANOSECONDS
    arm.accept(make([1.0, 2.0], [[1, 0], [2, 0]], stamp=stamp), stamp + to_nanoseconds(1.5))
    q, _ = arm.sample(stamp + to_nanoseconds(1.75))
    assert q[0] == pytest.approx(1.0)
    np.testing.assert_array_equal(arm.sample(stamp + to_nanoseconds(2.0))[0], [2.0, 0.0])


def test_a_trajectory_of_the_future_is_approached_slowly():
    arm = follower()
    arm.accept(make([1.0], [[1.0, 0.0]], stamp=3 * NANOSECONDS), 2 * NANOSECONDS)
    assert arm.sample(3 * NANOSECONDS)[0][0] == pytest.approx(0.5)
    assert arm.sample(4 * NANOSECONDS)[0][0] == 1.0


def test_a_trajectory_of_the_past_is_refused_and_the_old_one_goes_on():
    arm = follower()
    arm.accept(make([9.0], [[1.0, 0.0]]), 3 * NANOSECONDS)
    with pytest.raises(TrajectoryError, match="past"):
        arm.accept(make([1.0], [[5.0, 0.0]], stamp=NANOSECONDS), 4 * NANOSECONDS)
    assert arm.sample(12 * NANOSECONDS)[0][0] == 1.0


def test_a_malformed_trajectory_leaves_the_old_one_running():
    arm = follower()
    arm.accept(make([9.0], [[1.0, 0.0]]), 0)
    with pytest.raises(TrajectoryError):
        arm.accept(make([], np.empty((0, 2))), 10)
    assert arm.moving(NANOSECONDS)


def test_reset_holds_at_once():
    arm = follower()
    arm.accept(make([9.0], [[1.0, 0.0]]), 0)
    arm.reset(np.array([3.0, 4.0]))
    assert not arm.moving(1)
    np.testing.assert_array_equal(arm.sample(1)[0], [3.0, 4.0])


def test_time_before_the_start_is_the_start():
    arm = follower()
    arm.accept(make([1.0], [[1.0, 0.0]]), 5 * NANOSECONDS)
    np.testing.assert_array_equal(arm.sample(NANOSECONDS)[0], [0.0, 0.0])


@given(
    gaps=st.lists(st.floats(0.01, 2.0), min_size=1, max_size=6),
    switch=st.floats(0.0, 5.0),
    data=st.data(),
)
def test_position_and_velocity_are_continuous_across_any_switch(gaps, switch, data):
    values = st.lists(
        st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=len(gaps), max_size=len(gaps)
    )
    arm = follower()
    for now in (0, to_nanoseconds(switch)):
        velocities = np.array(data.draw(values))
        velocities[-1] = 0.0
        arm_before = arm.sample(now)
        arm.accept(make(np.cumsum(gaps), data.draw(values), velocities), now)
        np.testing.assert_allclose(arm.sample(now)[0], arm_before[0])
        np.testing.assert_allclose(arm.sample(now)[1], arm_before[1])
        step = 1000
        for moment in data.draw(st.lists(st.integers(0, 5 * NANOSECONDS), max_size=5)):
            q0, v0 = arm.sample(now + moment)
            q1, v1 = arm.sample(now + moment + step)
            assert np.abs(q1 - q0).max() < 1e-2
            assert np.abs(v1 - v0).max() < 1e3
