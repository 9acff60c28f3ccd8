import numpy as np
import pytest

from multigen_core.world.catalogue import liquid, vessel
from multigen_core.world.scene import HydraulicsSpec
from multigen_core.world.tilted_volume import tilted_volume
from multigen_core.world.wetting import Wetting
from multigen_policy.classical.draining import Draining

BEAKER = vessel("beaker")
WATER = Wetting.of(BEAKER, liquid("water"))


def beaker(*contents, tilt=0.0):
    draining = Draining(BEAKER, contents, np.full(len(contents), 0.6), WATER.stopping_head)
    draining.tilt = tilt
    return draining


def held(tilt):
    return float(tilted_volume(BEAKER, 0.0, tilt))


def test_an_upright_vessel_keeps_its_content():
    draining = beaker(300e-6, tilt=0.1)
    assert draining.step(5.0) == 0.0
    assert draining.content == 300e-6


def test_what_leaves_is_what_is_missing():
    draining = beaker(300e-6, 280e-6, tilt=1.3)
    left = draining.step(2.0)
    assert left[0] > left[1] > 30e-6
    np.testing.assert_allclose(draining.content + left, [300e-6, 280e-6], rtol=1e-12)


def test_it_runs_until_the_lip_holds_the_rest_back():
    draining = beaker(300e-6, tilt=1.3)
    draining.step(60.0)
    assert held(1.3) <= draining.content <= held(1.3) + 25e-6
    assert draining.flow() < 0.3e-6


def test_an_error_of_the_start_stays_and_does_not_grow():
    draining = beaker(300e-6, 310e-6)
    left = np.zeros(2)
    for draining.tilt in np.linspace(1.1, 1.6, 80):
        left += draining.step(0.1)
    assert left[1] - left[0] == pytest.approx(10e-6, abs=2e-6)


def test_accounts_that_do_not_run_keep_their_content():
    draining = beaker(300e-6, 300e-6, tilt=1.3)
    left = draining.step(0.5, np.array([True, False]))
    assert left[0] > 0 == left[1]


def test_accounts_of_a_start_hold_what_lips_may_hold_back():
    tilts = np.full(400, 1.1)
    draining = Draining.begun(BEAKER, tilts, np.random.default_rng(0))
    clean = float(tilted_volume(BEAKER, WATER.starting_head(1.1), 1.1))
    assert (draining.content > held(1.1)).all()
    assert held(1.1) + 3e-6 < draining.content.mean() < clean
    assert draining.content.max() < clean + 10e-6
    draining.tilt = 1.1
    assert (draining.flow() > 0).all()


def test_the_start_of_a_simulated_pour_lies_within_its_accounts():
    spec = HydraulicsSpec(capillarity=0.5)
    true = Wetting.of(BEAKER, liquid("milk"), spec.capillarity)
    tilt = 1.2
    content = float(tilted_volume(BEAKER, true.starting_head(tilt), tilt))
    accounts = Draining.begun(BEAKER, np.full(400, tilt), np.random.default_rng(0)).content
    low, high = np.percentile(accounts, [5, 95])
    assert low < content < high


def test_selecting_and_averaging_accounts():
    draining = beaker(300e-6, 320e-6, 340e-6, tilt=1.2)
    assert draining.mean(np.array([0.5, 0.0, 0.5])).content == pytest.approx(320e-6)
    draining.select(np.array([2, 2, 0]))
    np.testing.assert_array_equal(draining.content, [340e-6, 340e-6, 300e-6])
    assert len(draining.flow()) == 3


def test_the_tail_is_what_leaves_after_turning_back_and_changes_nothing():
    draining = beaker(300e-6, tilt=1.25)
    draining.step(1.0)
    content = draining.content.copy()
    tail = draining.tail(0.1, speed=0.4, acceleration=0.8, delay=0.15)
    assert draining.content == content
    assert draining.tilt == 1.25
    assert 0 < tail < 60e-6
    assert tail > draining.tail(0.0, speed=0.4, acceleration=0.8, delay=0.0)


def test_a_bottle_pours_no_faster_than_air_enters():
    bottle = vessel("bottle")
    draining = Draining(bottle, 450e-6, 0.6, 1e-3)
    draining.tilt = 2.2
    assert draining.flow() < 0.262 * np.sqrt(9.81) * (2 * bottle.mouth_radius) ** 2.5 * 1.001
