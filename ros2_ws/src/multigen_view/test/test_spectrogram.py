import numpy as np
import pytest

from multigen_core.contract import CHUNK, SAMPLE_RATE
from multigen_core.types import AudioChunk, to_nanoseconds
from multigen_view.spectrogram import COLUMNS, ROWS, SECONDS, Spectrogram, row

START = to_nanoseconds(100.0)


def tone(frequency, start, seconds):
    """Chunks of a sine [Hz] from `start` [s] after START."""
    count = round(seconds * SAMPLE_RATE)
    times = start + np.arange(count) / SAMPLE_RATE
    samples = (0.3 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)
    for first in range(0, count, CHUNK):
        stamp = START + to_nanoseconds(float(times[first]))
        yield AudioChunk(stamp, samples[first : first + CHUNK], SAMPLE_RATE)


def listen(*parts):
    spectrogram = Spectrogram()
    for part in parts:
        for chunk in part:
            spectrogram.push(chunk)
    return spectrogram


def brightness(spectrogram):
    return spectrogram.picture().astype(int).sum(axis=2)


def brightest(spectrogram):
    """The row of each column that is loudest."""
    return brightness(spectrogram).argmax(axis=0)


@pytest.mark.parametrize("frequency", [250.0, 800.0, 3000.0])
def test_a_tone_is_brightest_at_its_row(frequency):
    spectrogram = listen(tone(frequency, 0.0, 2.0))
    assert spectrogram.picture().shape == (ROWS, COLUMNS, 3)
    assert abs(brightest(spectrogram)[-10] - row(np.array(frequency))) <= 1.5


def test_a_sound_is_where_its_stamps_are():
    spectrogram = listen(tone(300.0, 0.0, 1.0), tone(2000.0, 1.0, 1.0))
    high = brightest(spectrogram)[-100:] < row(np.array(1000.0))
    change = spectrogram.column(np.array([START + to_nanoseconds(1.0)]))[0]
    assert abs(COLUMNS - 100 + np.flatnonzero(high)[0] - change) <= 4


def test_the_picture_holds_the_last_seconds_only():
    spectrogram = listen(tone(300.0, 0.0, 1.0), tone(2000.0, 1.0, SECONDS + 1.0))
    assert (brightest(spectrogram) < row(np.array(1000.0))).all()


def test_missing_sound_is_dark_and_takes_its_time():
    spectrogram = listen(tone(500.0, 0.0, 2.0), tone(500.0, 3.0, 2.0))
    light = brightness(spectrogram).max(axis=0)
    middle, begin = spectrogram.column(START + np.array([2_500_000_000, 0]))
    assert light[int(middle)] < 0.2 * light.max()
    assert light[int(begin) + 10] > 0.8 * light.max()
    assert light[int(begin) - 10] < 0.2 * light.max()


@pytest.mark.parametrize("jump", [-50.0, 500.0])
def test_a_jump_of_the_clock_starts_anew(jump):
    spectrogram = listen(tone(500.0, 0.0, 4.0), tone(2000.0, jump, 1.0))
    assert np.array_equal(brightest(spectrogram), brightest(listen(tone(2000.0, jump, 1.0))))
