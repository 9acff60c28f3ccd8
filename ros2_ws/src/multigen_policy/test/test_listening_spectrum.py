import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.contract import SAMPLE_RATE
from multigen_policy.listening.spectrum import (
    FREQUENCIES,
    HOP,
    PERIOD,
    Contrast,
    SpectrumStream,
    spectra,
)


def tone(frequency, seconds=1.0):
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


@pytest.mark.parametrize("frequency", [150.0, 440.0, 1234.0, 5000.0])
def test_a_tone_peaks_in_its_bin(frequency):
    spectrum = SpectrumStream().push(tone(frequency).astype(np.float32))[25]
    found = FREQUENCIES[np.argmax(spectrum)]
    assert abs(1200 * np.log2(found / frequency)) < 60


@given(cuts=st.lists(st.integers(1, 3000), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_however_the_stream_is_cut_the_spectra_are_the_same(cuts, seed):
    sound = np.random.default_rng(seed).standard_normal(12_000).astype(np.float32)
    whole = SpectrumStream().push(sound)
    stream, parts = SpectrumStream(), []
    for part in np.split(sound, np.minimum(np.cumsum(cuts), len(sound))):
        parts.append(stream.push(part))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_spectra_come_once_per_period_and_are_centred_on_it():
    sound = np.zeros(SAMPLE_RATE, np.float32)
    click = round(0.5 * SAMPLE_RATE)
    sound[click] = 1.0
    levels = SpectrumStream().push(sound).mean(axis=1)
    assert np.argmax(levels) * PERIOD == pytest.approx(0.5, abs=PERIOD)


def test_steady_hum_is_recognised_and_a_moving_resonance_is_not():
    time = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    rng = np.random.default_rng(0)
    sweep = np.sin(2 * np.pi * 500 * 6 / np.log(3) * 3 ** (time / 6))
    sound = 0.01 * rng.standard_normal(len(time)) + 0.01 * np.sin(2 * np.pi * 240 * time)
    found = SpectrumStream().push((sound + 0.02 * sweep).astype(np.float32))
    contrast = Contrast()
    last = [contrast.push(spectrum, quiet=False) for spectrum in found][int(5.5 / PERIOD)]
    hum = last[np.argmin(np.abs(FREQUENCIES - 240))]
    moving = last[np.argmin(np.abs(np.log(FREQUENCIES / 500 / 3 ** (5.5 / 6))))]
    first = Contrast().push(found[0], quiet=False)[np.argmin(np.abs(FREQUENCIES - 240))]
    assert moving > 10
    assert hum < 0.7 * first


def test_what_is_heard_while_nothing_flows_is_noise_at_once():
    contrast = Contrast()
    rng = np.random.default_rng(0)
    frames = [1e-3 * tone(900, 0.128) + 1e-3 * rng.standard_normal(2048) for _ in range(200)]
    for frame in frames[:150]:
        contrast.push(spectra(frame), quiet=True)
    at = np.argmin(np.abs(FREQUENCIES - 900))
    assert Contrast().push(spectra(frames[-1]), quiet=False)[at] > 15
    assert contrast.push(spectra(frames[-1]), quiet=False)[at] < 3


def test_silence_has_no_contrast():
    found = SpectrumStream().push(np.zeros(10 * HOP, np.float32))
    assert len(found) > 2
    for spectrum in found:
        np.testing.assert_allclose(Contrast().push(spectrum, quiet=False), 0.0, atol=1e-9)
