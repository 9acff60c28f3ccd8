import numpy as np
import pytest
from scipy.integrate import quad

from multigen_core.world.catalogue import liquid
from multigen_core.world.wetting import GRAVITY
from multigen_sim.liquid.weir import cling, overflow

WATER = liquid("water")
R = 0.037


def test_matches_the_weir_integral_for_thin_liquid():
    head, tilt = 0.008, 1.1
    end = np.arccos(1 - head / (R * np.sin(tilt)))
    integral, _ = quad(lambda a: (head - R * np.sin(tilt) * (1 - np.cos(a))) ** 1.5, 0, end)
    expected = 0.6 * 2 / 3 * np.sqrt(2 * GRAVITY) * 2 * R * integral
    assert overflow(head, tilt, R, WATER, 0.6).rate == pytest.approx(expected, rel=0.01)


def test_nothing_flows_without_head():
    assert overflow(0.0, 1.0, R, WATER, 0.6).rate == 0.0
    assert overflow(-0.01, 1.0, R, WATER, 0.6).rate == 0.0


def test_flow_grows_with_head_and_discharge():
    rates = [overflow(h, 1.0, R, WATER, 0.6).rate for h in np.linspace(1e-4, 0.03, 50)]
    assert (np.diff(rates) > 0).all()
    assert overflow(0.01, 1.0, R, WATER, 0.7).rate > overflow(0.01, 1.0, R, WATER, 0.5).rate


def test_viscous_liquids_flow_slower_and_slower():
    rates = [overflow(0.006, 1.0, R, liquid(n), 0.6).rate for n in ("water", "oil", "syrup")]
    assert rates[0] > rates[1] > rates[2] > 0


def test_a_thin_film_of_syrup_obeys_nusselt():
    syrup, head, tilt = liquid("syrup"), 1e-4, 1.2
    end = np.arccos(1 - head / (R * np.sin(tilt)))
    integral, _ = quad(lambda a: (head - R * np.sin(tilt) * (1 - np.cos(a))) ** 3, 0, end)
    film = syrup.density * GRAVITY / (3 * syrup.viscosity) * 2 * R * integral
    assert overflow(head, tilt, R, syrup, 0.6).rate == pytest.approx(film, rel=0.02)


def test_upright_brim_overflows_all_around():
    ring = 0.6 * 2 / 3 * np.sqrt(2 * GRAVITY) * 0.002**1.5 * 2 * np.pi * R
    assert overflow(0.002, 0.0, R, WATER, 0.6).rate == pytest.approx(ring, rel=0.01)


def test_no_more_than_an_orifice_passes_a_deeply_covered_mouth():
    limit = 0.62 * np.pi * 0.011**2 * np.sqrt(2 * GRAVITY * 0.1)
    assert overflow(0.1, 2.0, 0.011, WATER, 0.6).rate <= limit * (1 + 1e-9)


def test_a_trickle_clings_and_a_jet_does_not():
    slow, fast = (overflow(h, 1.0, R, WATER, 0.6) for h in (0.0008, 0.012))
    assert cling(slow, 0.0008, WATER) > 0.3
    assert cling(fast, 0.012, WATER) < 0.01
