import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from multigen_core.arm.cubic import Cubic

RNG = np.random.default_rng(0)
X = np.cumsum(RNG.uniform(0.05, 0.5, 9))
VALUES, SLOPES = RNG.standard_normal((2, 9, 7))
AT = np.concatenate([X, RNG.uniform(X[0] - 0.2, X[-1] + 0.2, 200)])


def test_it_goes_through_its_values_with_its_slopes_as_scipy_s_does():
    ours, theirs = Cubic.hermite(X, VALUES, SLOPES), CubicHermiteSpline(X, VALUES, SLOPES)
    np.testing.assert_allclose([ours(x) for x in AT], theirs(AT), atol=1e-12)
    np.testing.assert_allclose([ours.slope(x) for x in AT], theirs(AT, 1), atol=1e-11)
    np.testing.assert_allclose([ours(x) for x in X], VALUES, atol=1e-12)


def test_coefficients_are_laid_out_as_scipy_lays_them_out():
    theirs = CubicSpline(X, VALUES)
    ours = Cubic(X, theirs.c)
    np.testing.assert_allclose([ours(x) for x in AT], theirs(AT), atol=1e-12)


@pytest.mark.parametrize("at", [-0.5, 0.0, 0.3, 1.0, 7.0])
def test_one_piece_is_enough(at):
    curve = Cubic.hermite(np.array([0.0, 1.0]), np.array([[0.0], [2.0]]), np.array([[2.0], [2.0]]))
    assert curve(at) == pytest.approx(2 * at)
    assert curve.slope(at) == pytest.approx(2.0)
