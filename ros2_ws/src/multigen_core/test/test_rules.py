from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_core.arm import Arm, Joint
from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.rules import Limits, Rule, Violation, judge, ordered, violation

NAMES = ("a", "b")
LIMITS = Limits(
    NAMES,
    lower=np.array([-1.0, -np.inf]),
    upper=np.array([1.0, np.inf]),
    velocity=np.array([0.4, 0.4]),
    acceleration=np.array([1.0, 10.0]),
    jump=0.2,
)
REST = (np.zeros(2), np.zeros(2))


def trajectory(times, positions, velocities, names=NAMES, stamp=0):
    return Trajectory(
        names,
        np.array(times, float),
        np.array(positions, float),
        np.array(velocities, float),
        stamp,
    )


def single(position, velocity=(0.0, 0.0), time=1.0):
    return trajectory([time], [position], [velocity])


def rule(command, start=REST, measured=None):
    found = violation(command, LIMITS, start[0] if measured is None else measured, start)
    return found.rule if found else None


def test_a_slow_small_motion_passes():
    assert rule(single((0.1, -0.1))) is None


@pytest.mark.parametrize(
    ("change", "expected", "word"),
    [
        ({"names": ("a", "c")}, Rule.NAMES, "missing: b"),
        ({"names": ("a", "a")}, Rule.NAMES, "repeat"),
        ({"names": ("a",), "positions": [[0.0]], "velocities": [[0.0]]}, Rule.NAMES, "missing: b"),
        (
            {"names": ("a", "b", "z"), "positions": [[0.0] * 3], "velocities": [[0.0] * 3]},
            Rule.NAMES,
            "unknown joints: z",
        ),
        ({"names": ()}, Rule.NAMES, "missing: a, b"),
        ({"positions": [[np.nan, 0.0]]}, Rule.FORM, "NaN"),
        ({"positions": [[0.0, -np.inf]]}, Rule.FORM, "NaN or infinity"),
        ({"velocities": [[np.nan, 0.0]]}, Rule.FORM, "NaN"),
        ({"times": [np.nan]}, Rule.FORM, "NaN"),
        ({"times": [0.0]}, Rule.FORM, "above 0"),
        ({"times": [-1.0]}, Rule.FORM, "above 0"),
        ({"times": []}, Rule.FORM, "empty"),
        ({"velocities": [[0.1, 0.0]]}, Rule.FORM, "zero velocity"),
        ({"positions": [[0.0, 0.0, 0.0]]}, Rule.FORM, "positions"),
        ({"positions": [0.0, 0.0]}, Rule.FORM, "positions"),
        ({"velocities": [[]]}, Rule.FORM, "velocities"),
        ({"stamp": 1}, Rule.FORM, "stamp"),
        (
            {"times": [1.0, 1.0], "positions": [[0.0, 0.0]] * 2, "velocities": [[0.0, 0.0]] * 2},
            Rule.FORM,
            "rise strictly",
        ),
    ],
)
def test_names_and_form_are_refused_with_the_reason(change, expected, word):
    good = {"times": [1.0], "positions": [[0.0, 0.0]], "velocities": [[0.0, 0.0]]}
    found = ordered(trajectory(**(good | change)), LIMITS)
    assert isinstance(found, Violation)
    assert found.rule == expected
    assert word in found.reason


def test_joints_in_another_order_are_put_in_the_arms_order():
    found = ordered(trajectory([1.0], [[0.1, 0.2]], [[0.0, 0.0]], names=("b", "a")), LIMITS)
    assert found.names == NAMES
    np.testing.assert_array_equal(found.positions, [[0.2, 0.1]])


NEAR_EDGE = (np.array([0.95, 0.0]), np.array([0.4, 0.0]))
MOVING = (np.zeros(2), np.array([0.39, 0.0]))
TOO_FAST = (np.zeros(2), np.array([0.6, 0.0]))


@pytest.mark.parametrize(
    ("command", "start", "expected"),
    [
        (single((1.01, 0.0), time=9), (np.array([0.9, 0.0]), np.zeros(2)), Rule.POSITION),
        (single((-1.01, 0.0), time=9), (np.array([-0.9, 0.0]), np.zeros(2)), Rule.POSITION),
        # A position that is both out of limits and far away is named as out of limits.
        (single((5.0, 0.0), time=99), REST, Rule.POSITION),
        (single((0.0, 0.21), time=9), REST, Rule.JUMP),
        (single((0.0, -0.21), time=9), REST, Rule.JUMP),
        (single((0.0, 0.19), time=9), REST, None),
        # The points are within limits, the cubic from the motion of the start is not.
        (single((0.95, 0.0), time=1.0), NEAR_EDGE, Rule.POSITION),
        # Mean speed 0.3, but the cubic between two rests peaks at 1.5 times that.
        (single((0.15, 0.0), time=0.5), REST, Rule.VELOCITY),
        (single((0.15, 0.0), time=0.6), REST, None),
        (
            trajectory([0.5, 1.0], [[0.1, 0], [0.15, 0]], [[0.41, 0], [0, 0]]),
            MOVING,
            Rule.VELOCITY,
        ),
        # Between given points joint b may speed up at 10 rad/s², so only its speed is in the way.
        (
            trajectory([0.5, 0.7], [[0, 0], [0, 0.08]], [[0, 0], [0, 0]]),
            REST,
            Rule.VELOCITY,
        ),
        (
            trajectory([0.5, 0.7], [[0, 0], [0, 0.05]], [[0, 0], [0, 0]]),
            REST,
            None,
        ),
        # The same motion of joint a needs 6·0.05/0.2² = 7.5 rad/s².
        (
            trajectory([0.5, 0.7], [[0, 0], [0.05, 0]], [[0, 0], [0, 0]]),
            REST,
            Rule.ACCELERATION,
        ),
        # The first segment brakes at 1.95 rad/s², which only the measured start makes it do.
        (single((0.039, 0.0), time=0.2), MOVING, None),
        # A start beyond the speed limit may slow down, but not speed up.
        (single((0.06, 0.0), time=0.2), TOO_FAST, None),
        (single((0.18, 0.0), time=0.2), TOO_FAST, Rule.VELOCITY),
        (single((0.0, 1e200), time=1.0), REST, Rule.JUMP),
        (
            trajectory([1.0, 2.0], [[0, 0], [0, 1e308]], [[0, 0], [0, 0]]),
            REST,
            Rule.POSITION,
        ),
        # Too abrupt to compute with.
        (trajectory([1e-300, 1.0], [[0, 0.1], [0, 0]], [[0, 0], [0, 0]]), REST, Rule.POSITION),
    ],
)
def test_motion_rules(command, start, expected):
    assert rule(command, start) == expected


def test_a_measurement_outside_the_limits_may_come_back_but_not_go_further():
    outside = (np.array([1.02, 0.0]), np.zeros(2))
    assert rule(single((0.98, 0.0)), outside) is None
    outward = (np.array([1.02, 0.0]), np.array([0.3, 0.0]))
    assert rule(single((0.98, 0.0)), outward) == Rule.POSITION


def test_the_jump_is_taken_from_the_measurement_and_the_cubic_from_the_plan():
    planned = (np.array([0.0, 0.0]), np.zeros(2))
    assert rule(single((0.1, 0.0)), planned, measured=np.array([-0.15, 0.0])) == Rule.JUMP
    assert rule(single((0.1, 0.0)), planned, measured=np.array([-0.05, 0.0])) is None


def test_a_violation_names_joint_value_and_limit():
    found = violation(single((0.0, 0.3), time=9), LIMITS, np.zeros(2), REST)
    assert found.reason == "b: first step 0.3 rad is beyond 0.2 rad"


def test_limits_scale_speed_but_not_acceleration():
    joint = Joint(name="j", velocity=0.8, acceleration=2.0, home=0.0, xyz=(0, 0, 0), rpy=(0, 0, 0))
    limits = Limits.of(Arm(name="one", joints=(joint,)), 0.5, 0.1)
    assert (limits.velocity, limits.acceleration, limits.jump) == (0.4, 2.0, 0.1)
    assert limits.upper == np.inf


def test_a_judged_command_comes_out_in_the_arms_joint_order_and_turn():
    free = Joint(
        name="free", velocity=1.0, acceleration=5.0, home=0.0, xyz=(0, 0, 0), rpy=(0, 0, 0)
    )
    tied = free.model_copy(update={"name": "tied", "lower": -1.0, "upper": 1.0})
    arm = Arm(name="two", joints=(free, tied))
    limits = Limits.of(arm, 0.5, 0.2)
    measured = np.array([0.05 + 4 * np.pi, 0.0])
    command = trajectory([1.0], [[0.1, 0.02]], [[0.0, 0.0]], names=("tied", "free"))
    found = judge(command, limits, arm, measured, (measured, np.zeros(2)))
    np.testing.assert_allclose(found.positions, [[0.02 + 4 * np.pi, 0.1]])
    far = judge(command, limits, arm, np.add(measured, [0.0, 0.5]), (measured, np.zeros(2)))
    assert (far.rule, far.reason[:5]) == (Rule.JUMP, "tied:")
    unnamed = judge(replace(command, names=("tied", "x")), limits, arm, measured, REST)
    assert unnamed.rule == Rule.NAMES


finite = st.floats(-0.5, 0.5)


@settings(max_examples=300, deadline=None)
@given(
    gaps=st.lists(st.floats(0.02, 2.0), min_size=1, max_size=5),
    data=st.data(),
)
def test_whatever_passes_stays_within_limits_when_sampled_densely(gaps, data):
    count = len(gaps)
    positions = np.array(data.draw(st.lists(finite, min_size=2 * count, max_size=2 * count)))
    velocities = np.array(data.draw(st.lists(finite, min_size=2 * count, max_size=2 * count)))
    scale = data.draw(st.sampled_from([0.05, 0.3, 1.0, 2.5]))
    positions, velocities = scale * positions.reshape(-1, 2), velocities.reshape(-1, 2)
    velocities[-1] = 0.0
    start = (np.array([data.draw(finite), 0.0]), np.array([data.draw(finite), data.draw(finite)]))
    command = trajectory(np.cumsum(gaps), positions, velocities)
    cubic = command.joined(*start)
    t = np.unique(np.concatenate([np.linspace(0, cubic.x[-1], 800), cubic.x]))
    first = t <= cubic.x[1]
    q, v = cubic(t), cubic(t, 1)
    a = np.concatenate([cubic(t[~first], 2), -cubic(np.nextafter(cubic.x[2:], 0), 2)])
    edge = np.maximum(LIMITS.upper, start[0])
    fast = np.maximum(LIMITS.velocity, np.abs(start[1]))
    legal = (
        (q <= edge + 1e-9).all()
        and (-q <= np.maximum(-LIMITS.lower, -start[0]) + 1e-9).all()
        and (q[~first] <= LIMITS.upper).all()
        and (np.abs(v[first]) <= fast + 1e-9).all()
        and (np.abs(v[~first]) <= LIMITS.velocity + 1e-9).all()
        and (np.abs(a) <= LIMITS.acceleration + 1e-9).all()
        and (np.abs(positions[0] - start[0]) <= LIMITS.jump).all()
    )
    found = rule(command, start)
    if found is None:
        slack = 1e-4
        assert (q <= edge + slack).all()
        assert (np.abs(v[~first]) <= LIMITS.velocity + slack).all()
        assert (np.abs(v[first]) <= fast + slack).all()
        assert (np.abs(a) <= LIMITS.acceleration + slack).all()
    if legal and found is not None:
        # Dense sampling may miss an extremum by a little, never by much.
        margin = Limits(
            NAMES,
            LIMITS.lower - 1e-3,
            LIMITS.upper + 1e-3,
            LIMITS.velocity + 1e-3,
            LIMITS.acceleration + 1e-2,
            LIMITS.jump + 1e-6,
        )
        assert violation(command, margin, start[0], start) is None
