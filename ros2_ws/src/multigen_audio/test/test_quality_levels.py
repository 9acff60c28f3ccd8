"""Onset, silence and loudness of sounds that are made to measure."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_audio.quality.loudness import loudness_correlation
from multigen_audio.quality.onset import onset_error
from multigen_audio.quality.silence import silence
from multigen_audio.quality.truth import Truth

RATE = 16_000
TIME = np.arange(0, 10, 0.01)
SAMPLES = np.arange(10 * RATE) / RATE
NOISE = np.random.default_rng(0).standard_normal(len(SAMPLES))


def truth(flow: np.ndarray) -> Truth:
    return Truth(TIME, flow, flow, np.full(len(TIME), 700.0))


POUR = truth(np.where((TIME >= 2) & (TIME < 7), 30e-6, 0.0))


@given(late=st.floats(-0.5, 0.5), level=st.floats(1e-3, 0.5), floor=st.sampled_from([0, 1e-5]))
def test_the_onset_is_where_the_sound_begins(late, level, floor) -> None:
    sound = NOISE * np.where((2 + late <= SAMPLES) & (SAMPLES < 7), level, floor)
    assert onset_error(sound, RATE, POUR) == pytest.approx(late, abs=0.004)


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_a_sound_that_does_not_begin_has_missed_the_onset(level) -> None:
    assert onset_error(level * NOISE, RATE, POUR) == math.inf


def test_a_sound_that_ends_before_the_impact_has_missed_it() -> None:
    assert onset_error(NOISE[: round(1.9 * RATE)], RATE, POUR) == math.inf


@pytest.mark.parametrize("flow", [np.zeros(len(TIME)), np.full(len(TIME), 30e-6)])
def test_there_is_no_onset_without_an_impact_after_silence(flow) -> None:
    assert math.isnan(onset_error(NOISE, RATE, truth(flow)))


@given(ratio=st.floats(0, 60))
def test_silence_is_the_ratio_of_levels(ratio) -> None:
    falls = (SAMPLES >= 2) & (SAMPLES < 7)
    sound = 0.1 * NOISE * np.where(falls, 1.0, 10 ** (-ratio / 20))
    assert silence(sound, RATE, POUR) == pytest.approx(ratio, abs=0.3)


def test_the_last_bubbles_are_no_noise() -> None:
    sound = NOISE * np.where((SAMPLES >= 2) & (SAMPLES < 7.45), 0.1, 1e-4)
    assert silence(sound, RATE, POUR) == pytest.approx(60, abs=0.5)


def test_there_is_no_silence_in_an_endless_pour() -> None:
    assert math.isnan(silence(NOISE, RATE, truth(np.full(len(TIME), 30e-6))))


def test_loudness_that_follows_flow_correlates() -> None:
    flow = 40e-6 * np.clip(np.sin(TIME), 0, 1)
    sound = NOISE * np.interp(SAMPLES, TIME, flow)
    assert loudness_correlation(sound, RATE, truth(flow)) > 0.98
    assert loudness_correlation(0.5 * NOISE, RATE, truth(flow)) == pytest.approx(0, abs=0.3)
    assert loudness_correlation(np.zeros_like(NOISE), RATE, truth(flow)) == 0.0
    inverse = NOISE * np.interp(SAMPLES, TIME, 40e-6 - flow)
    assert loudness_correlation(inverse, RATE, truth(flow)) < -0.95


def test_constant_flow_has_no_correlation() -> None:
    assert math.isnan(loudness_correlation(NOISE, RATE, truth(np.full(len(TIME), 1e-5))))
