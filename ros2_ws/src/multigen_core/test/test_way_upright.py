import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import PPoly

from multigen_core.arm import Arm
from multigen_core.guard.judgement import violation
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion
from multigen_core.guard.retreat import RetreatError
from multigen_core.guard.way_upright import WayUpright
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene

ARM = Arm.load("gen3")
LIMITS = Limits.of(ARM, 0.5, 0.2)
PATH = plan_pour(Station.of(Scene(), ARM))
TURN = 2 * np.pi * np.eye(7)[2]


def came(*tilts, limits=LIMITS, shift=0.0):
    """A way whose arm has passed the given tilts of the pour path."""
    way = WayUpright(ARM, limits)
    for begin, end in itertools.pairwise(tilts):
        for tilt in np.linspace(begin, end, 100):
            way.observe(PATH.at(tilt) + shift)
    return way


def at_rest(tilt, shift=0.0):
    pose = PATH.at(tilt) + shift
    return pose, (pose, np.zeros(7))


def test_the_vessel_goes_back_as_it_came():
    way = came(0.0, 1.0)
    plan = way.plan(*at_rest(1.0))
    assert not way.tilted(plan.positions[-1])
    np.testing.assert_allclose(plan.positions[-1], PATH.at(0.0), atol=1e-3)
    near = [np.abs(PATH.at(way.tilt(pose)) - pose).max() for pose in plan.positions]
    assert max(near) < 0.02


def test_where_the_way_it_came_is_unknown_it_turns_in_place():
    way = WayUpright(ARM, LIMITS)
    plan = way.plan(*at_rest(1.0))
    assert way.tilt(plan.positions[-1]) < 1e-3
    assert np.abs(plan.positions[-1] - PATH.at(0.0)).max() > 0.05


def test_a_path_that_began_tilted_counts_from_where_the_vessel_was_upright():
    way = came(0.8, 0.0, 0.4)
    plan = way.plan(*at_rest(0.4))
    # Where it first counted as upright, not all the way to the path's beginning.
    np.testing.assert_allclose(plan.positions[-1], PATH.at(0.05), atol=0.02)


def test_restarting_forgets_the_way_before():
    way = came(0.0, 1.0)
    way.restart(PATH.at(0.04))
    plan = way.plan(*at_rest(1.0))
    np.testing.assert_allclose(plan.positions[-1], PATH.at(0.04), atol=1e-3)


@pytest.mark.parametrize("seen", [-TURN, 0 * TURN, TURN])
@pytest.mark.parametrize("planned", [-TURN, 0 * TURN, TURN])
def test_continuous_joints_may_be_measured_and_planned_in_any_turn(seen, planned):
    way = came(0.0, 0.7, shift=seen)
    measured, _ = at_rest(0.7, seen)
    _, start = at_rest(0.7, planned)
    plan = way.plan(measured, start)
    np.testing.assert_allclose(plan.positions[-1], PATH.at(0.0) + planned, atol=1e-3)
    assert violation(Motion(plan, start[0], start), LIMITS) is None
    np.testing.assert_allclose(plan.positions[0], start[0], atol=0.01)


def test_a_measurement_that_wraps_in_mid_path_is_the_same_path():
    way = came(0.0, 0.3)
    for tilt in np.linspace(0.3, 0.7, 50):
        way.observe(PATH.at(tilt) - TURN)
    plan = way.plan(*at_rest(0.7))
    np.testing.assert_allclose(plan.positions[-1], PATH.at(0.0), atol=1e-3)


def test_a_motion_under_way_is_braked_first():
    way = came(0.0, 0.6)
    pose, speed = PATH.at(0.6), PATH.slope(0.6) * 0.3
    plan = way.plan(pose, (pose, speed))
    joined = plan.joined(pose, speed)
    curve = PPoly(joined.c, joined.x)
    t = np.linspace(0.0, curve.x[-1], 2000)
    assert (np.abs(curve(t, 1)) <= LIMITS.velocity + 1e-6).all()
    assert max(way.tilt(q) for q in curve(t)) < 0.66


def test_a_way_measured_a_little_beyond_a_limit_leads_back_within_it():
    narrow = replace(LIMITS, upper=np.where(np.arange(7) == 3, PATH.at(0.0)[3], LIMITS.upper))
    way = came(0.0, 1.0, limits=narrow, shift=0.004)
    plan = way.plan(*at_rest(1.0))
    assert plan.positions[:, 3].max() <= PATH.at(0.0)[3]
    assert not way.tilted(plan.positions[-1])


def test_without_a_way_every_reason_is_told():
    narrow = replace(LIMITS, lower=np.where(np.arange(7) == 6, 1.6, LIMITS.lower))
    with pytest.raises(RetreatError) as caught:
        came(0.0, 1.0, limits=narrow).plan(*at_rest(1.0))
    reasons = str(caught.value).split("; ")
    assert len(reasons) == 2
    assert all("joint_7: position" in reason for reason in reasons)
