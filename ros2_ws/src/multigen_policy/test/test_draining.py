import numpy as np
import pytest

from multigen_core.vessel import vessel
from multigen_policy.draining import Draining

BEAKER = vessel("beaker")


@pytest.fixture
def draining():
    draining = Draining(BEAKER)
    draining.start(300e-6)
    return draining


def test_an_upright_vessel_keeps_its_content(draining):
    draining.step(0.1, 5.0)
    assert draining.content == 300e-6
    assert draining.poured == 0.0


def test_what_leaves_is_what_is_missing(draining):
    draining.step(1.3, 2.0)
    assert draining.poured > 50e-6
    assert draining.content + draining.poured == pytest.approx(300e-6, rel=1e-12)


def test_it_runs_until_the_lip_holds_the_rest_back(draining):
    draining.step(1.3, 60.0)
    assert draining.held(1.3) <= draining.content <= draining.held(1.3) + 25e-6
    assert draining.flow(1.3) < 0.3e-6


def test_an_error_of_the_start_stays_and_does_not_grow(draining):
    other = Draining(BEAKER)
    other.start(310e-6)
    for tilt in np.linspace(1.1, 1.6, 80):
        draining.step(tilt, 0.1)
        other.step(tilt, 0.1)
    assert other.poured - draining.poured == pytest.approx(10e-6, abs=2e-6)


def test_a_dry_lip_holds_more_back_than_a_wet_one():
    draining = Draining(BEAKER)
    draining.start(draining.content_at_start(1.1))
    assert draining.content > draining.held(1.1)
    assert draining.flow(1.1) > 0


def test_the_tail_is_what_leaves_after_turning_back_and_changes_nothing(draining):
    draining.step(1.25, 1.0)
    content = draining.content
    tail = draining.tail(1.25, 0.1, speed=0.4, acceleration=0.8, delay=0.15)
    assert draining.content == content
    assert 0 < tail < 60e-6
    assert tail > draining.tail(1.25, 0.0, speed=0.4, acceleration=0.8, delay=0.0)


def test_a_bottle_pours_no_faster_than_air_enters():
    bottle = vessel("bottle")
    draining = Draining(bottle)
    draining.start(450e-6)
    assert draining.flow(2.2) < 0.262 * np.sqrt(9.81) * (2 * bottle.mouth_radius) ** 2.5 * 1.001
