"""Rows of a vessel as heights, shapes and resonances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_audio.flow.sight import (
    HEIGHTS,
    HOPS,
    PIXEL,
    SLOW,
    Cavity,
    Shape,
    cover,
    flows,
    from_network,
    to_network,
)
from multigen_core.world.acoustics import Resonator, cents
from multigen_core.world.catalogue import vessel, vessels


def seen(body, error=0.0):
    """The shape that rows without error, or with radii off by a factor, give."""
    inside = cover(body.floor, body.floor + body.height)
    return Shape.of_rows(inside, (1 + error) * body.radius(HEIGHTS - body.floor))


@given(st.floats(0.0, 0.2), st.floats(0.0, 0.04))
def test_rows_cover_as_much_as_lies_between(low, length):
    assert cover(low, low + length).sum() * PIXEL == pytest.approx(length, abs=1e-12)


@pytest.mark.parametrize("name", sorted(vessels()))
@pytest.mark.parametrize("fill", [0.0, 0.4, 0.9])
def test_rows_of_a_vessel_resonate_as_it_does(name, fill):
    body = vessel(name)
    cavity = Cavity()
    cavity.see(seen(body))
    level = cover(body.floor, body.floor + fill * body.height).sum() * PIXEL
    found = cavity.measure(level)
    assert abs(cents(found["resonance"], Resonator(body).frequency(fill * body.height))) < 10
    assert found["air_column"] == pytest.approx((1 - fill) * body.height, abs=1e-6)
    assert found["mouth_radius"] == pytest.approx(body.mouth_radius, abs=5e-4)
    assert found["capacity"] == pytest.approx(body.capacity, rel=0.01)


def test_errors_of_single_frames_average_out():
    body = vessel("mug")
    truth = Resonator(body).frequency(0.06)
    off = []
    cavity = Cavity()
    for index in range(60):
        cavity.see(seen(body, 0.05 if index % 2 == 0 else -0.05))
        off.append(abs(cents(cavity.measure(0.06)["resonance"], truth)))
    assert off[0] > 25
    assert max(off[20:]) < 10


def test_another_vessel_is_believed_after_some_frames():
    cavity = Cavity()
    for _ in range(50):
        cavity.see(seen(vessel("measuring_cylinder")))
    for _ in range(60):
        cavity.see(seen(vessel("bowl")))
    truth = Resonator(vessel("bowl")).frequency(0.03)
    assert abs(cents(cavity.measure(0.03)["resonance"], truth)) < 50


def test_the_more_is_kept_the_slower_another_vessel_is_believed():
    found = []
    for kept in (0.99, 0.93):
        cavity = Cavity(kept, 0.01)
        for _ in range(50):
            cavity.see(seen(vessel("measuring_cylinder")))
        for _ in range(20):
            cavity.see(seen(vessel("bowl")))
        found.append(cavity.measure(0.0)["air_column"])
    assert vessel("measuring_cylinder").height > found[0] > found[1] > vessel("bowl").height


@pytest.mark.parametrize("inside", [np.zeros(128), np.ones(128)])
def test_rows_of_no_vessel_still_give_numbers(inside):
    cavity = Cavity()
    cavity.see(Shape.of_rows(inside, np.zeros(128)))
    assert all(np.isfinite(value) for value in cavity.measure(0.3).values())


def test_a_closed_gate_gives_no_flow_at_all():
    hops = np.tile(np.float32([-1e-3, 5.0, 1e-3, 0.0]), (HOPS, 1))
    found = flows(hops)
    assert (found[:, 0] == 0.0).all()
    np.testing.assert_allclose(found[:, 1], 1e-6)


@given(st.floats(0.0, 4.0), st.floats(3e-4, 0.5), st.floats(0.1, 2.5), st.floats(0.0, 90.0))
def test_slow_columns_come_back(speed, viscosity, bubbliness, temperature):
    columns = np.array([speed, 40.0, 0, 0, 0, 0, 0, viscosity, bubbliness, temperature])
    back = from_network(to_network(columns))
    assert SLOW[0] == "impact_speed"
    np.testing.assert_allclose(
        back[[0, -3, -2, -1]], columns[[0, -3, -2, -1]], rtol=1e-4, atol=1e-6
    )
    assert back[1] == pytest.approx(1.0)
