"""The peaking filter at the resonance."""

import numpy as np
import pytest

from multigen_audio.flow.ridge import Ridge
from multigen_core.contract import SAMPLE_RATE
from multigen_core.learning.mel import HOP


@pytest.fixture
def white(rng):
    return rng.standard_normal(600 * HOP)


@pytest.mark.parametrize(("frequency", "raised"), [(250.0, 11.0), (500.0, 7.0), (3500.0, 4.1)])
def test_a_resonance_is_raised_and_what_lies_an_octave_off_is_not(frequency, raised):
    impulse = np.zeros(100 * HOP)
    impulse[0] = 1.0
    response = np.abs(np.fft.rfft(Ridge().push(impulse, np.full(100, frequency, np.float32))))
    heard = np.interp(
        [frequency, 2 * frequency], np.fft.rfftfreq(100 * HOP, 1 / SAMPLE_RATE), response
    )
    assert 20 * np.log10(heard[0]) == pytest.approx(raised, abs=0.1)
    assert 20 * np.log10(heard[1]) == pytest.approx(0.0, abs=0.1)


def test_without_a_resonance_sound_passes_unchanged(white):
    np.testing.assert_allclose(Ridge().push(white, np.zeros(600, np.float32)), white, atol=1e-12)


def test_sound_does_not_depend_on_how_it_is_cut(white):
    rising = np.linspace(300.0, 2500.0, 600).astype(np.float32)
    whole = Ridge().push(white, rising)
    ridge = Ridge()
    parts = [
        ridge.push(white[a * HOP : b * HOP], rising[a:b]) for a, b in ((0, 1), (1, 50), (50, 600))
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("period", [2, 10, 40, 130, 600])
def test_a_resonance_that_leaps_to_and_fro_leaves_the_sound_bounded(white, period):
    high = np.arange(600) % period < period / 2
    out = Ridge().push(white, np.where(high, 1e6, 1e-3).astype(np.float32))
    assert np.abs(out).max() < 4 * np.abs(white).max()


@pytest.mark.parametrize("before", [0.0, 900.0])
def test_a_first_resonance_is_taken_at_once_and_held_while_there_is_none(white, before):
    resonance = np.full(600, 900.0, np.float32)
    resonance[:10], resonance[10:300] = before, 0.0
    out = Ridge().push(white, resonance)
    steady = Ridge().push(white, np.full(600, 900.0, np.float32))
    np.testing.assert_allclose(out[330 * HOP :], steady[330 * HOP :], atol=1e-6)
