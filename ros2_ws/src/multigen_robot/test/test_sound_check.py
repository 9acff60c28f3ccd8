import numpy as np

from multigen_robot.microphone.sound_check import SoundCheck


def listen(*parts, rate=16000):
    check = SoundCheck(rate)
    for part in parts:
        for chunk in np.array_split(np.asarray(part, np.float32), max(1, len(part) // 320)):
            check.add(chunk)
    return check


def noise(seconds, level=0.01):
    return level * np.random.default_rng(0).standard_normal(round(seconds * 16000))


def test_living_sound_is_good():
    assert listen(noise(3)).fault == ""


def test_zeros_for_more_than_a_second_are_silence():
    assert listen(noise(1), np.zeros(15000)).fault == ""
    assert "silent" in listen(noise(1), np.zeros(17000)).fault


def test_the_faintest_noise_ends_the_silence():
    assert listen(np.zeros(32000), np.full(3, 1 / 32767)).fault == ""


def test_clipping_is_counted_and_told_for_a_while():
    check = listen(noise(1), [1.0, -1.0, 1.0], noise(1))
    assert check.clipped == 3
    assert "clipping" in check.fault
    assert listen([1.0], noise(6)).fault == ""
