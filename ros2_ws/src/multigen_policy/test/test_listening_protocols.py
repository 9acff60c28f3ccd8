import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.contract import SAMPLE_RATE
from multigen_policy.listening.protocols import (
    FASTEST,
    SLOWEST,
    Protocol,
    excerpt,
    truth_at,
    warped,
)
from multigen_policy.listening.spectrum import FREQUENCIES, PERIOD


@pytest.fixture(scope="module")
def clip():
    """A tone rising from 500 to 2000 Hz over 7 s in noise, after 1 s of near silence."""
    rng = np.random.default_rng(0)
    time = np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * 500 * 7 / np.log(4) * 4 ** (np.maximum(time - 1, 0) / 7)
    sound = np.where(time < 1, 1e-4, 0.1) * rng.standard_normal(len(time))
    return (sound + (time >= 1) * 0.3 * np.sin(phase)).astype(np.float32)


@given(st.floats(1.0, 40.0), st.integers(0, 1000))
def test_a_warp_goes_through_the_whole_clip_at_allowed_speeds(duration, seed):
    moments = warped(duration, np.random.default_rng(seed))
    speed = np.diff(moments) / PERIOD
    assert moments[0] == 0
    assert duration - FASTEST * PERIOD * 1.01 <= moments[-1] <= duration
    assert (speed >= 0.99 * SLOWEST).all()
    assert (speed <= 1.01 * FASTEST).all()


def test_a_warp_keeps_the_pitch_of_every_moment(clip):
    given = excerpt(clip, Protocol.WARP, np.random.default_rng(1))
    inside = (given.truth > 0.05) & (given.truth < 0.95)
    heard = FREQUENCIES[np.argmax(given.spectra, axis=1)]
    expected = 500 * 4**given.truth
    assert np.median(np.abs(1200 * np.log2(heard / expected))[inside]) < 60


def test_truth_is_nothing_before_the_onset_and_rises_to_the_end(clip):
    moments = np.array([0.0, 0.9, 1.0, 4.5, 8.0])
    np.testing.assert_allclose(truth_at(clip, moments), [0, 0, 0, 0.5, 1], atol=0.02)


def test_a_crop_starts_and_ends_anywhere_and_is_never_too_short(clip):
    crops = [excerpt(clip, Protocol.CROP, np.random.default_rng(seed)) for seed in range(40)]
    starts = np.array([crop.truth[0] for crop in crops])
    ends = np.array([crop.truth[-1] for crop in crops])
    assert starts.min() < 0.1
    assert 0.4 < starts.max() < 0.6
    assert np.ptp(ends) > 0.4
    assert min(len(crop.truth) for crop in crops) >= 0.2 * 8 / PERIOD - 1


def test_a_seed_reproduces_an_excerpt(clip):
    for protocol in Protocol:
        first, again = (excerpt(clip, protocol, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(first.spectra, again.spectra)
        np.testing.assert_array_equal(first.truth, again.truth)
