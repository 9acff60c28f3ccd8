import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.interpolate import PPoly

from multigen_core.arm.trajectory import TrajectoryFollower
from multigen_core.guard.judgement import violation
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion
from multigen_core.guard.retreat import RetreatError, along, braking

LIMITS = Limits(
    ("a", "b"),
    lower=np.array([-2.0, -np.inf]),
    upper=np.array([2.0, np.inf]),
    velocity=np.array([0.43, 0.43]),
    acceleration=np.array([1.0, 10.0]),
    jump=0.2,
)


def curve(cubic):
    return PPoly(cubic.c, cubic.x)


def follow(trajectory, start, step=0.01):
    """Positions while a controller follows it from the state `start`."""
    spline = curve(trajectory.joined(*start))
    return spline(np.arange(0, spline.x[-1], step))


def test_it_ends_at_rest_where_the_path_ends():
    path = np.linspace([1.0, 0.5], [0.0, 0.0], 30)
    trajectory = along(path, LIMITS, path[0], (path[0], np.zeros(2)))
    np.testing.assert_allclose(trajectory.positions[-1], 0.0, atol=1e-9)
    np.testing.assert_array_equal(trajectory.velocities[-1], [0.0, 0.0])


def test_it_is_quick():
    path = np.linspace([0.0, 1.5], [0.0, 0.0], 50)
    trajectory = along(path, LIMITS, path[0], (path[0], np.zeros(2)))
    assert trajectory.times[-1] < 1.5 * 1.5 / 0.43


def test_it_follows_the_path_around_a_corner():
    corner = np.array([0.8, 0.0])
    path = np.vstack([np.linspace([0.8, 0.8], corner, 40), np.linspace(corner, [0, 0], 40)])
    start = (path[0], np.zeros(2))
    for q in follow(along(path, LIMITS, path[0], start), start):
        assert np.abs(path - q).max(axis=1).min() < 0.05


def test_a_motion_is_braked_before_it_is_turned_back():
    start = (np.array([1.0, 0.0]), np.array([0.4, 0.1]))
    seconds, stand = braking(start, LIMITS)
    assert seconds == pytest.approx(0.4 / 0.85)
    np.testing.assert_allclose(stand, start[0] + start[1] * seconds / 2)
    path = np.vstack([stand, start[0], np.linspace(start[0], [0, 0], 40)])
    trajectory = along(path, LIMITS, start[0], start)
    spline = curve(trajectory.joined(*start))
    t = np.linspace(0, spline.x[-1], 2000)
    # The braking itself, which the rules leave unchecked, obeys the limits as well.
    assert (np.abs(spline(t, 2)) <= LIMITS.acceleration * 1.001).all()
    assert spline(t)[:, 0].max() == pytest.approx(stand[0], abs=1e-3)


def test_a_path_of_one_pose_is_a_hold():
    pose = np.array([0.5, 0.1])
    trajectory = along(pose[None], LIMITS, pose, (pose, np.zeros(2)))
    np.testing.assert_array_equal(trajectory.positions, [pose])


def test_a_path_out_of_limits_is_refused():
    path = np.array([[1.9, 0.0], [2.1, 0.0], [1.9, 0.5]])
    with pytest.raises(RetreatError, match="a: position"):
        along(path, LIMITS, path[0], (path[0], np.zeros(2)))


@settings(max_examples=60, deadline=None)
@given(
    corners=st.lists(st.tuples(st.floats(-1.5, 1.5), st.floats(-3, 3)), min_size=1, max_size=6),
    velocity=st.tuples(st.floats(-0.43, 0.43), st.floats(-0.43, 0.43)),
    noise=st.floats(0, 0.003),
)
@example(
    corners=[(0.0, 3.0), (1.5, 2.0), (0.0, 3.0), (0.0, -1.606768626790776), (0.0, 0.0)],
    velocity=(0.0, 0.0),
    noise=0.0,
)
def test_any_path_within_limits_has_a_retreat_that_obeys_the_rules(corners, velocity, noise):
    begin = np.zeros(2)
    start = (begin, np.array(velocity))
    _, stand = braking(start, LIMITS)
    path, rng = [begin], np.random.default_rng(0)
    for corner in corners:
        count = int(np.abs(np.array(corner) - path[-1]).max() / 0.03) + 1
        path.extend(np.linspace(path[-1], corner, count + 1)[1:])
    path = np.vstack([stand, np.array(path) + noise * rng.standard_normal((len(path), 2))])
    trajectory = along(path, LIMITS, begin, start)
    assert violation(Motion(trajectory, begin, start), LIMITS) is None
    np.testing.assert_allclose(trajectory.positions[-1], path[-1], atol=1e-5)
    follower = TrajectoryFollower(LIMITS.names, begin)
    follower.accept(trajectory, 0)
