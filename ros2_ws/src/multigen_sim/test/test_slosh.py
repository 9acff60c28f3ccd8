import numpy as np
import pytest

from multigen_sim.liquid.slosh import Slosh

R, DEPTH = 0.035, 0.06
OMEGA = np.sqrt(9.81 * 1.8412 / R * np.tanh(1.8412 / R * DEPTH))


def rung(dt, time, damping=0.02):
    slosh = Slosh(damping)
    slosh.height = 0.002
    for _ in range(round(time / dt)):
        slosh.step(0.0, R, DEPTH, dt)
    return slosh


def test_rings_at_the_first_mode_of_a_cylinder():
    period = 2 * np.pi / OMEGA
    assert rung(period / 200, period).height == pytest.approx(
        0.002 * np.exp(-0.02 * 2 * np.pi), rel=0.01
    )


def test_result_does_not_depend_on_the_step():
    assert rung(0.001, 0.3).height == pytest.approx(rung(0.01, 0.3).height, rel=1e-9)


def test_decays_to_rest():
    assert rung(0.005, 30.0).amplitude < 1e-6


def test_breaks_before_it_leaves_the_vessel():
    slosh = Slosh(0.01)
    for _ in range(100):
        slosh.step(1.0, R, DEPTH, 0.005)
    assert abs(slosh.height) <= 0.35 * R
