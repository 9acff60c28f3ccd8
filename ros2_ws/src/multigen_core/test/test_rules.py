"""Each rule by itself, on two joints: a slow one with a range and a quick one that turns freely."""

import numpy as np
import pytest

from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard import rules
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion
from multigen_core.guard.rules import Rule

NAMES = ("a", "b")
LIMITS = Limits(
    NAMES,
    lower=np.array([-1.0, -np.inf]),
    upper=np.array([1.0, np.inf]),
    velocity=np.array([0.4, 0.4]),
    acceleration=np.array([1.0, 10.0]),
    jump=0.2,
)
REST = ((0.0, 0.0), (0.0, 0.0))


def trajectory(times, positions, velocities, names=NAMES, stamp=0):
    arrays = (np.array(values, float) for values in (times, positions, velocities))
    return Trajectory(names, *arrays, stamp)


def single(*position, time=1.0):
    return trajectory([time], [position], [(0.0, 0.0)])


def motion(command, start=REST, measured=None, planned=True):
    start = tuple(np.array(values, float) for values in start)
    measured = start[0] if measured is None else np.array(measured, float)
    return Motion(command, measured, start, planned)


def breaks(rule, *given, **options):
    found = rule(motion(*given, **options), LIMITS)
    return found is not None


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (("a", "c"), "missing: b"),
        (("a", "a"), "duplicate"),
        (("a",), "missing: b"),
        (("a", "b", "z"), "unknown joints: z"),
        ((), "missing: a, b"),
    ],
)
def test_names_must_be_the_arms(given, word):
    values = np.zeros((1, len(given)))
    found = rules.names(trajectory([1.0], values, values, names=given), LIMITS)
    assert found.rule == Rule.NAMES
    assert word in found.reason


def test_names_may_come_in_any_order():
    assert rules.names(single(0.1, 0.2), LIMITS) is None
    assert rules.names(trajectory([1.0], [[0, 0]], [[0, 0]], names=("b", "a")), LIMITS) is None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"positions": [[np.nan, 0.0]]}, "NaN"),
        ({"positions": [[0.0, -np.inf]]}, "NaN or infinity"),
        ({"velocities": [[np.nan, 0.0]]}, "NaN"),
        ({"times": [np.nan]}, "NaN"),
        ({"times": [0.0]}, "positive"),
        ({"times": [-1.0]}, "positive"),
        ({"times": []}, "empty"),
        ({"velocities": [[0.1, 0.0]]}, "zero velocity"),
        ({"positions": [[0.0, 0.0, 0.0]]}, "positions"),
        ({"positions": [0.0, 0.0]}, "positions"),
        ({"velocities": [[]]}, "velocities"),
        ({"stamp": 1}, "stamp"),
        (
            {"times": [1.0, 1.0], "positions": [[0.0, 0.0]] * 2, "velocities": [[0.0, 0.0]] * 2},
            "strictly increasing",
        ),
    ],
)
def test_the_form_must_be_what_every_controller_needs(change, word):
    good = {"times": [1.0], "positions": [[0.0, 0.0]], "velocities": [[0.0, 0.0]]}
    assert rules.form(trajectory(**good), LIMITS) is None
    found = rules.form(trajectory(**(good | change)), LIMITS)
    assert found.rule == Rule.FORM
    assert word in found.reason


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (1e-9, "the first point is 1e-09 s ahead, not at least 0.05 s"),
        (0.049, "the first point is 0.049 s ahead, not at least 0.05 s"),
        (0.05, None),
        (600.0, None),
        (601.0, "the last point is 601 s ahead, not at most 600 s"),
        (1e308, "the last point is 1e+308 s ahead, not at most 600 s"),
    ],
)
def test_the_first_point_may_not_be_too_soon_nor_the_last_too_late(seconds, reason):
    found = rules.time(single(0.0, 0.0, time=seconds), LIMITS)
    assert (found and found.reason) == reason
    assert found is None or found.rule == Rule.TIME


@pytest.mark.parametrize(
    ("points", "broken"),
    [
        ([(1.0, 9.0)], False),
        ([(1.01, 0.0)], True),
        ([(-1.01, 0.0)], True),
        ([(0.0, 0.0), (1.01, 0.0)], True),
        ([(0.0, 0.0), (0.0, 1e308)], False),
    ],
)
def test_points_must_lie_in_the_joints_range(points, broken):
    command = trajectory(np.arange(1.0, len(points) + 1), points, np.zeros((len(points), 2)))
    assert breaks(rules.position, command) == broken


def test_even_from_outside_its_range_a_joint_must_be_told_to_come_back():
    outside = ((1.02, 0.0), (0.0, 0.0))
    assert breaks(rules.position, single(1.01, 0.0), outside)
    assert not breaks(rules.position, single(0.98, 0.0), outside)


@pytest.mark.parametrize(("step", "broken"), [(0.19, False), (0.21, True), (-0.21, True)])
def test_the_first_step_is_counted_from_the_measurement(step, broken):
    planned = ((0.5, 0.5), (0.0, 0.0))
    assert breaks(rules.jump, single(0.0, step), planned, measured=(0.0, 0.0)) == broken


def test_later_steps_may_be_longer():
    far = trajectory([1.0, 9.0], [[0, 0.1], [0, 5.0]], np.zeros((2, 2)))
    assert not breaks(rules.jump, far)


def test_a_cubic_may_not_swing_out_of_the_range_between_points():
    assert breaks(rules.position_between, single(0.95, 0.0), ((0.95, 0.0), (0.4, 0.0)))
    assert not breaks(rules.position_between, single(0.95, 0.0), ((0.95, 0.0), (0.1, 0.0)))
    points = trajectory([1.0, 2.0], [[0.95, 0], [0.95, 0]], [[0.4, 0], [0, 0]])
    assert breaks(rules.position_between, points, ((0.6, 0.0), (0.4, 0.0)))


def test_from_outside_its_range_a_joint_may_come_back_but_not_go_further():
    back = single(0.98, 0.0)
    assert not breaks(rules.position_between, back, ((1.02, 0.0), (0.0, 0.0)))
    assert breaks(rules.position_between, back, ((1.02, 0.0), (0.3, 0.0)))


@pytest.mark.parametrize(("speed", "broken"), [(0.4, False), (0.41, True), (-0.41, True)])
def test_the_speed_at_points_is_limited(speed, broken):
    command = trajectory([1.0, 2.0], [[0, 0], [0, 0]], [[speed, 0], [0, 0]])
    assert breaks(rules.velocity, command) == broken


def test_the_speed_between_points_is_limited():
    # Mean speed 0.3, but the cubic between two rests peaks at 1.5 times that.
    assert breaks(rules.velocity_between, single(0.15, 0.0, time=0.5))
    assert not breaks(rules.velocity_between, single(0.15, 0.0, time=0.6))
    later = trajectory([0.5, 0.7], [[0, 0], [0, 0.08]], [[0, 0], [0, 0]])
    assert breaks(rules.velocity_between, later)


def test_from_too_fast_a_joint_may_slow_down_but_not_speed_up():
    too_fast = ((0.0, 0.0), (0.6, 0.0))
    assert not breaks(rules.velocity_between, single(0.06, 0.0, time=0.2), too_fast)
    assert breaks(rules.velocity_between, single(0.18, 0.0, time=0.2), too_fast)


@pytest.mark.parametrize(
    ("step", "broken"),
    [
        # 6 · 0.05 / 0.2² = 7.5 rad/s² is too much for the one joint, not for the other.
        ((0.05, 0.0), True),
        ((0.0, 0.05), False),
        ((0.0, 0.07), True),
    ],
)
def test_acceleration_between_given_points_is_limited(step, broken):
    command = trajectory([0.5, 0.7], [[0, 0], step], [[0, 0], [0, 0]])
    assert breaks(rules.acceleration, command) == broken


def test_acceleration_between_given_points_is_limited_at_both_ends_of_each():
    # At rest at 0, moving at 0.2 rad/s where it is 0.01 rad further on: 2 … 10 rad/s² or -10 … 2.
    gentle_start = trajectory([1, 1.1, 2], [[0, 0], [0.0, 0], [0, 0]], [[0, 0], [0.1, 0], [0, 0]])
    found = rules.acceleration(motion(gentle_start), LIMITS)
    assert found.rule == Rule.ACCELERATION


def test_acceleration_to_the_first_point_is_judged_from_a_plan_alone():
    sudden = single(0.02, 0.0, time=0.1)  # 12 rad/s² from rest
    assert breaks(rules.acceleration_at_first, sudden)
    assert not breaks(rules.acceleration_at_first, sudden, planned=False)
    assert not breaks(rules.acceleration, sudden)


def test_a_command_that_is_late_by_its_first_step_is_forgiven():
    # It was planned where the arm was 0.1 s ago, moving at 0.3 rad/s.
    moving = ((0.03, 0.0), (0.3, 0.0))
    late = trajectory([0.1, 0.9], [[0.03, 0], [0.15, 0]], [[0.3, 0], [0, 0]])
    later = trajectory([0.1, 0.9], [[0.0, 0], [0.1, 0]], [[0.3, 0], [0, 0]])
    assert not breaks(rules.acceleration_at_first, late, moving)
    assert breaks(rules.acceleration_at_first, later, moving)


def test_a_hold_at_the_measurement_stops_an_arm_at_full_speed():
    # As the contract has it: one point at the lagging measurement, 0.3 s ahead.
    for seconds in (0.05, 0.1, 0.3):
        hold = single(0.0, 0.0, time=seconds)
        moving = ((0.02, 0.0), (0.4, 0.0))
        assert not breaks(rules.acceleration_at_first, hold, moving, measured=(0.0, 0.0))


def test_a_command_planned_from_the_measurement_is_forgiven_the_difference_to_the_plan():
    rest = single(0.0, 0.0, time=0.1)
    sagged = ((0.01, 0.0), (0.0, 0.0))
    assert breaks(rules.acceleration_at_first, rest, sagged, measured=(0.01, 0.0))
    assert not breaks(rules.acceleration_at_first, rest, sagged, measured=(0.0, 0.0))


def test_a_violation_names_joint_value_and_limit():
    found = rules.jump(motion(single(0.0, 0.3)), LIMITS)
    assert found.reason == "b: first step 0.3 rad is beyond 0.2 rad"
    found = rules.velocity_between(motion(single(-0.3, 0.0)), LIMITS)
    assert found.reason == "a: velocity between points -0.45 rad/s is beyond -0.4 rad/s"
    found = rules.acceleration_at_first(motion(single(0.02, 0.0, time=0.1)), LIMITS)
    assert found.reason == "a: acceleration to the first point 12 rad/s² is beyond 5 rad/s²"


@pytest.mark.parametrize(
    "command",
    [
        single(0.0, 1e200),
        trajectory([1.0, 2.0], [[0, 0], [0, 1e308]], np.zeros((2, 2))),
        trajectory([1e-300, 1.0], [[0, 0.1], [0, 0]], np.zeros((2, 2))),
    ],
)
def test_what_is_too_large_to_compute_with_breaks_a_rule(command):
    read = [rule(command, LIMITS) for rule in rules.READING]
    assert any(read) or any(rule(motion(command), LIMITS) for rule in rules.MOVING)
