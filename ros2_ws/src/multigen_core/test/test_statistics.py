"""Confidence intervals by the bootstrap."""

import math

import numpy as np
import pytest

from multigen_core.statistics import estimate


def test_bootstrap_interval_is_that_of_the_normal_theory_for_many_values() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    found = estimate(values)
    half = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)


def test_bootstrap_leaves_out_the_unknown_and_has_no_interval_of_one() -> None:
    assert (estimate([np.nan, 2.0]).value, estimate([np.nan, 2.0]).count) == (2.0, 1)
    assert math.isnan(estimate([2.0]).low)
    assert estimate([np.nan]).count == 0
