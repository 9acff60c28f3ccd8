import numpy as np
import pytest

from multigen_policy.listening.loudness import Loudness
from multigen_policy.listening.spectrum import PERIOD

SECONDS = 3.0
TIMES = np.arange(0.0, SECONDS, PERIOD)
GUSH = np.full(len(TIMES), 20e-6)
TRICKLE = 20e-6 * np.minimum(0.05 + TIMES / 2, 1.0)
AIR = np.full(2, 0.1)


def level(flow, air=0.1, gain=30.0):
    return 10 * np.log10(flow * (air + 0.04)) + gain


def score(levels, *accounts, air=AIR):
    loudness = Loudness(len(accounts))
    return sum(
        loudness.score(float(heard), np.array(flows), air, PERIOD)
        for heard, *flows in zip(levels, *accounts, strict=True)
    )


@pytest.mark.parametrize("gain", [-20.0, 30.0, 60.0])
def test_a_gush_is_told_from_a_trickle_however_loud_it_is(gain):
    gush, trickle = score(level(GUSH, gain=gain), GUSH, TRICKLE)
    assert gush > trickle + 1.0
    gush, trickle = score(level(TRICKLE, gain=gain), GUSH, TRICKLE)
    assert trickle > gush + 1.0


def test_flows_in_proportion_are_not_told_apart():
    one, half = score(level(GUSH), GUSH, GUSH / 2)
    assert one == pytest.approx(half, abs=0.01)


def test_a_shorter_fall_is_quieter():
    rising = np.linspace(0.12, 0.02, len(TIMES))
    levels = level(GUSH, rising)
    loudness, still = Loudness(1), Loudness(1)
    told = sum(
        loudness.score(heard, np.array([20e-6]), np.array([air]), PERIOD)[0]
        for heard, air in zip(levels, rising, strict=True)
    )
    untold = sum(
        still.score(heard, np.array([20e-6]), np.array([0.12]), PERIOD)[0] for heard in levels
    )
    assert told > untold


def test_the_noise_of_a_level_decides_nothing():
    rng = np.random.default_rng(0)
    for _ in range(20):
        noise = np.repeat(rng.normal(0.0, 7.0, len(TIMES) // 10), 10)
        gush, other = score(level(GUSH) + noise, GUSH, 20e-6 * np.linspace(0.9, 1.1, len(TIMES)))
        assert abs(gush - other) < 2.0


def test_accounts_without_a_flow_are_heard_as_the_least():
    assert np.isfinite(score(level(GUSH), GUSH, 0 * GUSH)).all()


def test_selecting_keeps_what_each_account_has_learnt():
    loudness = Loudness(2)
    for _ in range(50):
        loudness.score(-20.0, np.array([20e-6, 5e-6]), AIR, PERIOD)
    loudness.select(np.array([1, 1, 0]))
    scores = loudness.score(-20.0, np.array([5e-6, 20e-6, 20e-6]), np.full(3, 0.1), PERIOD)
    assert scores[0] == pytest.approx(scores[2], abs=1e-3)
    assert scores[1] < scores[0]
