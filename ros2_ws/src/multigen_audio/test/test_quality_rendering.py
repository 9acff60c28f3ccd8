import numpy as np
import pytest

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.quality.rendering import joined, render, whole
from multigen_audio.quality.white_noise import WhiteNoise
from multigen_core.synthesizer import Silent
from multigen_core.types import AudioChunk

RATE = 16_000
STATES = list(steady_pour(stop=1.5, end=2.0, stamp=5_000_000_000))


@pytest.mark.parametrize("synthesizer", [Physical(), WhiteNoise(), Silent()])
def test_chunks_and_the_whole_are_one_sound_of_the_inputs_length(synthesizer) -> None:
    made = render(synthesizer, STATES)
    assert len(made.samples) == pytest.approx(2 * RATE, abs=0.02 * RATE)
    assert made.seconds == len(made.samples) / RATE
    assert np.array_equal(made.samples, whole(synthesizer, STATES))


def test_sound_taken_every_100_ms_is_that_old() -> None:
    made = render(Silent(), STATES)
    assert len(made.latency) == 20
    assert made.latency == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize(("stamp", "lead"), [(1_000_000_000, 0), (1_500_000_000, 8000)])
def test_sound_that_begins_late_keeps_its_place(stamp, lead) -> None:
    chunk = AudioChunk(stamp, np.ones(100, np.float32), RATE)
    sound = joined([chunk], 1_000_000_000, RATE)
    assert not sound[:lead].any()
    assert np.array_equal(sound[lead:], np.ones(100))


def test_sound_from_before_the_start_is_cut() -> None:
    chunk = AudioChunk(990_000_000, np.arange(320, dtype=np.float32), RATE)
    assert np.array_equal(joined([chunk], 1_000_000_000, RATE), np.arange(160, 320))


def test_nothing_is_an_empty_sound() -> None:
    assert len(joined([], 0, RATE)) == 0
