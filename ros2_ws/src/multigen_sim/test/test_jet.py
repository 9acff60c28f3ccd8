import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_core.world.catalogue import vessel
from multigen_sim.liquid.jet import Jet, fall_time

GLASS = vessel("straight_glass")
POSITION = np.array([0.0, 0.0, 0.0])


def land_all(jet):
    return jet.land(10.0)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.05, 1.0), st.floats(-1.0, 1.0))
def test_fall_time_obeys_ballistics(height, upward):
    t = fall_time(height, upward)
    assert upward * t - 9.81 / 2 * t**2 == pytest.approx(-height, abs=1e-9)


def test_parcels_follow_the_parabola():
    jet = Jet(GLASS, POSITION)
    jet.emit(0.0, 1e-7, 2e-5, np.array([0.0, -0.02, 0.3]), np.array([0.0, 0.2, 0.1]), 0.01)
    points = jet.parcels(0.1).points
    assert points[0] == pytest.approx([0.0, 0.0, 0.3 + 0.01 - 9.81 / 2 * 0.01])


def test_range_decides_between_mouth_rim_and_outside():
    rim = GLASS.rim_height
    for reach, wanted in (
        (0.0, "target"),
        (GLASS.mouth_radius + GLASS.wall / 2, "rim"),
        (0.08, "outside"),
    ):
        jet = Jet(GLASS, POSITION)
        flight = fall_time(0.05, 0.0)
        jet.emit(
            0.0,
            1e-7,
            1e-8,
            np.array([0.0, -0.05, rim + 0.05]),
            np.array([0.0, (reach + 0.05) / flight, 0.0]),
            0.01,
        )
        landing = land_all(jet)
        assert getattr(landing, wanted) == pytest.approx(1e-7, rel=0.05 if wanted != "rim" else 0.6)
        assert landing.target + landing.rim + landing.outside == pytest.approx(1e-7)


def test_impact_speed_is_that_of_the_fall():
    jet = Jet(GLASS, POSITION)
    jet.emit(0.0, 1e-7, 1e-5, np.array([0.0, 0.0, 0.25]), np.array([0.0, 0.1, 0.0]), 0.05)
    speed = land_all(jet).speed
    assert speed == pytest.approx(np.sqrt(0.1**2 + 2 * 9.81 * 0.2))


def test_nothing_lands_before_its_time():
    jet = Jet(GLASS, POSITION)
    jet.emit(0.0, 1e-7, 1e-5, np.array([0.0, 0.0, 0.25]), np.zeros(3), 0.05)
    due = fall_time(0.2, 0.0)
    assert jet.land(due - 1e-6).target == 0.0
    assert jet.land(due + 1e-6).target == pytest.approx(1e-7)


def test_a_full_sky_accepts_no_more():
    jet = Jet(GLASS, POSITION)
    sent = [jet.emit(0.0, 1e-9, 1e-6, np.array([0, 0, 0.3]), np.zeros(3), 0.0) for _ in range(600)]
    assert sent[-1] == 0.0
    assert sum(sent) == pytest.approx(jet.volume.sum())


def test_stream_inside_the_vessel_stays_inside():
    jet = Jet(GLASS, POSITION)
    jet.emit(0.0, 1e-7, 1e-5, np.array([0.0, -0.02, 0.16]), np.array([0.0, 0.5, 0.0]), 0.003)
    for time in np.linspace(0.0, 0.17, 30):
        points = jet.parcels(time).points
        if len(points) and points[0, 2] < GLASS.rim_height:
            assert np.hypot(*points[0, :2]) <= GLASS.mouth_radius
