"""Automatic gain control of what the networks say."""

import numpy as np
import pytest

from multigen_audio.flow.gain import Gain
from multigen_core.learning.mel import HOP


def rms(sound):
    return np.sqrt(np.mean(sound**2))


@pytest.mark.parametrize(("level", "expected"), [(1.0, 1.0), (0.7, 1.0), (1.6, 1.0), (0.2, 0.4)])
def test_levels_come_to_unity_as_far_as_a_factor_of_two_brings_them(rng, level, expected):
    sound = level * rng.standard_normal(1000 * HOP)
    out = Gain().push(sound, np.ones(1000, bool))
    assert rms(out[500 * HOP :]) == pytest.approx(expected, rel=0.07)


def test_bursts_stay_bursts(rng):
    sound = rng.standard_normal(1000 * HOP)
    burst = slice(800 * HOP, 810 * HOP)
    sound[burst] *= 2.0
    out = Gain().push(sound, np.ones(1000, bool))
    assert rms(out[burst]) > 1.8 * rms(out[790 * HOP : 800 * HOP])


def test_silence_is_not_brought_up(rng):
    sound = np.concatenate([np.zeros(300 * HOP), rng.standard_normal(50 * HOP)])
    sounding = np.arange(350) >= 300
    assert rms(Gain().push(sound, sounding)[300 * HOP :]) == pytest.approx(1.0, rel=0.1)


def test_sound_does_not_depend_on_how_it_is_cut(rng):
    sound, sounding = 0.6 * rng.standard_normal(200 * HOP), rng.random(200) < 0.8
    whole = Gain().push(sound, sounding)
    gain = Gain()
    cuts = ((0, 1), (1, 30), (30, 200))
    parts = [gain.push(sound[a * HOP : b * HOP], sounding[a:b]) for a, b in cuts]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)
