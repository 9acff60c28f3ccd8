import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from multigen_audio.recorded.tracker import track
from multigen_core.world.acoustics import Resonator, cents

RATE = 16_000


def truth(recording, time):
    vessel = recording.vessel
    return Resonator(vessel).frequency(vessel.level(0.9 * vessel.capacity * time / 9.0))


def sound(recording):
    return soundfile.read(recording.path)[0]


def test_it_finds_the_resonance_of_a_vessel_being_filled(recordings) -> None:
    for recording in recordings:
        tracked = track(sound(recording), RATE, recording.vessel)
        assert tracked.heard.mean() > 0.7
        off = cents(tracked.frequency, truth(recording, tracked.time))[tracked.heard]
        assert np.median(np.abs(off)) < 40


def test_a_steady_line_is_not_taken_for_the_resonance(recordings) -> None:
    recording = recordings[0]
    pour = sound(recording)
    hum = 0.05 * np.sin(2 * np.pi * 1100 * np.arange(len(pour)) / RATE)
    tracked = track(pour + hum, RATE, recording.vessel)
    off = cents(tracked.frequency, truth(recording, tracked.time))[tracked.heard]
    assert np.median(np.abs(off)) < 60


@pytest.mark.parametrize("colour", [[1.0], [1.0, -0.9]])
def test_noise_without_a_resonance_is_mostly_not_trusted(recordings, rng, colour) -> None:
    noise = lfilter([1.0], colour, rng.standard_normal(9 * RATE))
    tracked = track(noise, RATE, recordings[0].vessel)
    assert tracked.heard.mean() < 0.25


def test_a_pour_played_backwards_is_less_trusted(recordings) -> None:
    recording = recordings[0]
    forwards, backwards = (
        track(x, RATE, recording.vessel).heard.mean()
        for x in (sound(recording), sound(recording)[::-1])
    )
    assert backwards < 0.5 * forwards
