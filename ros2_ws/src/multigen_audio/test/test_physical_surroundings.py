from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from multigen_audio.physical import Microphone, Motor, Peak, Physical, PhysicalConfig, Room
from multigen_audio.physical.surroundings import Response, Reverberation, room_response
from multigen_audio.pours.scripted import steady_pour

RATE = 16_000
EVERYTHING = PhysicalConfig(
    room=Room(decay=0.2), microphone=Microphone(peaks=(Peak(frequency=900, gain=6),)), motor=Motor()
)


def sound(states, every=0, **settings):
    synthesizer = Physical(config=PhysicalConfig(**settings))
    parts = []
    for index, state in enumerate(states):
        synthesizer.push(state)
        if every and index % every == 0:
            parts += synthesizer.pull()
    parts += synthesizer.pull()
    return np.concatenate([part.samples for part in parts])


def moving(seconds=3.0):
    return [
        replace(s, source_tilt=0.4 * s.stamp * 1e-9, slosh_amplitude=0.006)
        for s in steady_pour(stop=seconds, end=seconds)
    ]


@pytest.mark.parametrize("every", [1, 7])
def test_chunked_sound_equals_whole_sound_with_everything_on(every) -> None:
    settings = dict(EVERYTHING)
    states = moving()
    assert np.abs(sound(states, every, **settings) - sound(states, **settings)).max() <= 1e-6


def test_a_room_adds_its_wet_energy_and_decays_as_stated() -> None:
    room = Room(decay=0.4, wet=-3.0)
    response = room_response(room, RATE)
    assert response[0] == 1.0
    assert 10 * np.log10(np.sum(response[1:] ** 2)) == pytest.approx(-3.0, abs=0.01)
    energy = np.cumsum(response[:0:-1] ** 2)[::-1]
    fall = 10 * np.log10(energy / energy[0])
    times = [np.argmax(fall < limit) / RATE for limit in (-25, -35)]
    assert 6 * (times[1] - times[0]) == pytest.approx(0.4, rel=0.25)


def test_another_seed_is_another_place_in_the_room() -> None:
    a, b = (room_response(Room(seed=seed), RATE) for seed in (0, 1))
    assert not np.array_equal(a, b)


def test_reverberation_of_an_impulse_is_the_response(rng) -> None:
    room = Room(decay=0.1)
    impulse = np.zeros(4000)
    impulse[0] = 1.0
    reverberation = Reverberation(room, RATE)
    heard = np.concatenate([reverberation.filter(part) for part in np.split(impulse, 8)])
    response = room_response(room, RATE)
    assert np.abs(heard[: len(response)] - response).max() < 1e-12


def test_a_microphone_has_the_stated_peaks_and_corners(rng) -> None:
    microphone = Microphone(low=100, high=4000, peaks=(Peak(frequency=1000, gain=9, quality=3),))
    noise = rng.standard_normal(20 * RATE)
    f, given = welch(noise, RATE, nperseg=2048)
    _, heard = welch(Response(microphone, RATE).filter(noise), RATE, nperseg=2048)
    response = 10 * np.log10(heard / given)

    def at(frequency):
        return response[np.argmin(np.abs(f - frequency))]

    assert at(1000) == pytest.approx(9 + at(500) - 0.6, abs=1.5)
    assert at(4000) == pytest.approx(-3, abs=1.0)
    assert at(100) == pytest.approx(-3, abs=1.5)


def test_the_motor_is_louder_and_higher_the_faster_it_turns() -> None:
    motor = Motor(rest=-140, moving=-40)
    levels, peaks = [], []
    for speed in (0.0, 0.2, 0.4):
        states = [
            replace(s, inflow_rate=0.0, source_tilt=speed * s.stamp * 1e-9)
            for s in steady_pour(stop=2.0, end=2.0)
        ]
        samples = sound(states, motor=motor)[RATE:]
        levels.append(20 * np.log10(samples.std()))
        f, power = welch(samples, RATE, nperseg=4096)
        peaks.append(f[np.argmax(power)])
    assert levels[0] < levels[1] - 20
    assert levels[2] == pytest.approx(-40, abs=2)
    assert peaks[1:] == [pytest.approx(320, abs=8), pytest.approx(640, abs=8)]


def test_a_calm_surface_is_silent_and_a_steep_one_laps() -> None:
    def level(amplitude):
        states = [
            replace(s, inflow_rate=0.0, slosh_amplitude=amplitude, target_level=0.06)
            for s in steady_pour(stop=4.0, end=4.0)
        ]
        return 20 * np.log10(sound(states).std())

    assert level(0.001) < -85
    assert level(0.01) > level(0.001) + 20


def test_a_pour_softens_by_the_stated_fade() -> None:
    full = list(steady_pour(flow=50e-6, start=0.0, stop=9.0, end=8.0))
    plain, faded = (sound(full, fade=fade)[6 * RATE : 7 * RATE] for fade in (0.0, 10.0))
    fill = np.mean([s.target_level for s in full[300:350]]) / 0.12
    change = 20 * np.log10(faded.std() / plain.std())
    assert change == pytest.approx(-10 * (fill - 0.3), abs=0.5)
