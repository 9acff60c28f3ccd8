import numpy as np
import pytest

from multigen_core.learning import mel


def test_white_noise_of_rms_1_has_1_in_every_band() -> None:
    spectra = mel.log_mel(np.random.default_rng(0).standard_normal(64_000))
    assert spectra.shape == (400, mel.BANDS)
    rms = np.sqrt(np.mean(np.exp(2 * spectra[2:-2]), axis=0))
    np.testing.assert_allclose(rms, 1.0, atol=0.15)


@pytest.mark.parametrize("frequency", [150.0, 600.0, 2400.0, 7000.0])
def test_a_tone_is_in_its_band(frequency: float) -> None:
    sound = np.sin(2 * np.pi * frequency * np.arange(16_000) / 16_000)
    band = int(np.argmax(mel.log_mel(sound)[50]))
    nearest = int(np.argmin(np.abs(mel.to_mel(mel.centres()) - mel.to_mel(frequency))))
    assert abs(band - nearest) <= 1


def test_a_spectrum_is_that_of_the_middle_of_its_hop() -> None:
    sound = np.zeros(3200)
    sound[1680] = 1.0
    assert int(np.argmax(mel.log_mel(sound).max(axis=1))) == 10


def test_silence_is_the_floor() -> None:
    np.testing.assert_allclose(mel.log_mel(np.zeros(1600)), np.log(mel.FLOOR), rtol=1e-6)


def test_less_than_a_hop_is_no_spectrum() -> None:
    assert mel.log_mel(np.zeros(159)).shape == (0, mel.BANDS)
