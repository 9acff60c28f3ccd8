import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline

from multigen_core.arm.kinematics import forward
from multigen_policy.classical.tilting import OffPathError, Tilting, rest_to_rest

SECOND = 1_000_000_000
PERIOD = SECOND // 10


@settings(deadline=None, max_examples=40)
@given(rates=st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=40), start=st.floats(0.0, 2.2))
def test_any_wish_gives_plans_within_the_limits(arm, path, rates, start):
    tilting = Tilting(arm, path)
    tilting.start(start)
    now = SECOND
    for rate in rates:
        before = tilting.tilt(now)
        plan = tilting.toward(rate, now)
        plan.check()
        assert np.abs(plan.positions[0] - path.at(before)).max() < 0.08
        assert (plan.positions >= arm.lower).all()
        assert (plan.positions <= arm.upper).all()
        assert (np.abs(plan.velocities) <= 0.5 * arm.velocity + 1e-9).all()
        curve = CubicHermiteSpline(plan.times, plan.positions, plan.velocities)
        inside = np.linspace(plan.times[0], plan.times[-1], 200)
        assert (np.abs(curve(inside, 2)) <= arm.acceleration).all()
        now += PERIOD
        assert -1e-9 <= tilting.tilt(now) <= tilting.max_tilt + 1e-9


def test_a_kept_wish_is_reached_and_then_held(arm, path):
    tilting = Tilting(arm, path)
    tilting.start(0.0)
    for tick in range(30):
        tilting.toward(0.3, tick * PERIOD)
    ahead = tilting.tilt(30 * PERIOD) - tilting.tilt(29 * PERIOD)
    assert ahead == pytest.approx(0.03, rel=1e-6)


def test_without_further_plans_the_vessel_comes_to_rest(arm, path):
    tilting = Tilting(arm, path)
    tilting.start(0.5)
    plan = tilting.toward(0.4, 0)
    end = int(plan.times[-1] * SECOND)
    assert tilting.tilt(end) == tilting.tilt(end + 10 * SECOND)
    assert (plan.velocities[-1] == 0).all()


def test_the_path_is_never_left_at_its_ends(arm, path):
    tilting = Tilting(arm, path)
    tilting.start(tilting.max_tilt - 0.05)
    for tick in range(40):
        tilting.toward(1.0, tick * PERIOD)
    assert tilting.tilt(40 * PERIOD) <= tilting.max_tilt
    assert tilting.tilt(40 * PERIOD) > tilting.max_tilt - 0.02


def test_approach_brings_the_arm_onto_the_path_at_rest(arm, path):
    start = path.at(0.0) + 0.06
    plan = Tilting(arm, path).approach(start)
    plan.check()
    goal = path.at(path.tilt_of(start))
    np.testing.assert_allclose(plan.positions[-1], goal, atol=1e-9)


def test_from_home_the_vessel_is_carried_upright_to_where_the_pour_begins(arm, path):
    plan = Tilting(arm, path).approach(arm.home)
    plan.check()
    np.testing.assert_allclose(plan.positions[-1], path.at(0.0), atol=1e-9)
    up = [forward(arm, q)[2, 1] for q in plan.positions]
    assert min(up) > np.cos(0.15)


def test_a_way_that_would_tilt_the_vessel_is_refused(arm, path):
    far = path.at(0.0)
    far[1] += 1.0
    with pytest.raises(OffPathError, match="would tilt the vessel by"):
        Tilting(arm, path).approach(far)


@settings(deadline=None, max_examples=30)
@given(delta=st.lists(st.floats(-0.5, 0.5), min_size=7, max_size=7))
def test_rest_to_rest_stays_within_its_share_of_the_limits(arm, path, delta):
    start = path.at(0.3)
    plan = rest_to_rest(arm, start, start + np.array(delta), scale=0.35)
    plan.check()
    assert (np.abs(plan.velocities) <= 0.35 * arm.velocity + 1e-9).all()
    slopes = np.diff(np.vstack([np.zeros(7), plan.velocities]), axis=0) / plan.times[0]
    assert (np.abs(slopes) <= 0.36 * arm.acceleration).all()


def test_the_lip_stays_over_the_target_while_pouring(arm, path, scene):
    tool = np.array([forward(arm, path.at(tilt)) for tilt in np.linspace(0.8, 2.2, 15)])
    assert np.ptp(tool[:, 0, 3]) < 1e-3
    assert np.abs(tool[:, 0, 3] - scene.target.position[0]).max() < 1e-3
