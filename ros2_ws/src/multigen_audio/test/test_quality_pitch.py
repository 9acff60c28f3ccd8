import numpy as np
import pytest
import soxr

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.quality.pitch import pitch
from multigen_audio.quality.truth import Truth
from multigen_core.world.catalogue import vessel

RATE = 16_000
GLASS = vessel("straight_glass")


@pytest.fixture(scope="module")
def pour():
    states = list(steady_pour("straight_glass", flow=40e-6, stop=9.0, end=10.0))
    synthesizer = Physical()
    for state in states:
        synthesizer.push(state)
    return Truth.of(states), synthesizer.pull()[0].samples.astype(float)


def test_sound_of_the_true_resonance_is_near_it(pour) -> None:
    truth, sound = pour
    found = pitch(sound, RATE, truth, GLASS)
    assert found.error < 40
    assert found.trusted > 0.7


@pytest.mark.parametrize("shift", [-250, 250])
def test_transposed_sound_is_off_by_the_interval(pour, shift) -> None:
    truth, sound = pour
    speed = 2 ** (shift / 1200)
    moved = soxr.resample(sound, RATE * speed, RATE)
    squeezed = Truth(truth.time / speed, truth.inflow, truth.falling, truth.resonance)
    assert pitch(moved, RATE, squeezed, GLASS).error == pytest.approx(abs(shift), abs=40)


def test_noise_is_far_off_and_not_trusted(pour, rng) -> None:
    truth, sound = pour
    found = pitch(rng.standard_normal(len(sound)), RATE, truth, GLASS)
    assert found.error > 120
    assert found.trusted < 0.25


def test_only_times_of_flow_count(pour, rng) -> None:
    truth, sound = pour
    quiet = sound.copy()
    quiet[: round(0.4 * RATE)] = rng.standard_normal(round(0.4 * RATE))
    quiet[round(9.2 * RATE) :] = rng.standard_normal(len(sound) - round(9.2 * RATE))
    found = pitch(quiet, RATE, truth, GLASS)
    assert found.error < 40
    assert np.isnan(found.tracked[(found.time < 0.4) | (found.time > 9.2)]).all()


def test_there_is_no_pitch_where_nothing_flows(pour) -> None:
    truth, sound = pour
    dry = Truth(truth.time, 0 * truth.inflow, 0 * truth.falling, truth.resonance)
    assert np.isnan(pitch(sound, RATE, dry, GLASS).error)
