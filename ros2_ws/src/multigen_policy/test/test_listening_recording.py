import numpy as np
import pytest
import soundfile

from multigen_core.contract import SAMPLE_RATE
from multigen_policy.listening.recording import RecordingError, load_sound


@pytest.fixture
def noise():
    return 0.1 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE)


@pytest.fixture
def write(tmp_path):
    def write(samples, rate=SAMPLE_RATE, name="sound.wav"):
        soundfile.write(tmp_path / name, samples, rate, subtype="PCM_16")
        return tmp_path / name

    return write


def test_a_plain_recording_needs_no_note(write, noise):
    sound = load_sound(write(noise))
    assert sound.notes == ()
    assert sound.duration == 2.0
    np.testing.assert_allclose(sound.samples, noise, atol=1e-4)


def test_stereo_is_mixed_with_a_note(write, noise):
    sound = load_sound(write(np.stack([noise, 0 * noise], axis=1)))
    np.testing.assert_allclose(sound.samples, noise / 2, atol=1e-4)
    assert "2 channels mixed" in sound.notes[0]


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_another_rate_is_resampled_with_a_note(write, rate):
    time = np.arange(2 * rate) / rate
    sound = load_sound(write(0.5 * np.sin(2 * np.pi * 1000 * time), rate))
    assert sound.duration == pytest.approx(2.0, abs=0.01)
    peak = np.argmax(np.abs(np.fft.rfft(sound.samples))) / sound.duration
    assert peak == pytest.approx(1000, abs=2)
    assert f"resampled from {rate}" in sound.notes[0]


def test_clipping_is_noted(write, noise):
    assert "clipped" in load_sound(write(np.clip(30 * noise, -1, 1))).notes[0]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(2 * SAMPLE_RATE), "silent"),
        (np.full(2 * SAMPLE_RATE, 0.3), "silent"),
        (np.ones(100) * 0.1, "too short"),
        (np.zeros(0), "too short"),
    ],
)
def test_what_cannot_be_heard_is_refused_with_the_reason(write, samples, message):
    path = write(samples)
    with pytest.raises(RecordingError, match=message) as error:
        load_sound(path)
    assert str(path) in str(error.value)


def test_channels_that_cancel_are_refused(write, noise):
    with pytest.raises(RecordingError, match="channels cancel"):
        load_sound(write(np.stack([noise, -noise], axis=1)))


def test_what_is_no_sound_is_refused_with_a_way_out(tmp_path):
    path = tmp_path / "notes.wav"
    path.write_text("not a readable sound")
    with pytest.raises(RecordingError, match="convert it to FLAC or WAV"):
        load_sound(path)
    with pytest.raises(RecordingError, match="no such file"):
        load_sound(tmp_path / "missing.wav")


def test_samples_that_are_not_numbers_are_refused(tmp_path, noise):
    noise[5] = np.nan
    soundfile.write(tmp_path / "nan.wav", noise, SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(RecordingError, match="NaN"):
        load_sound(tmp_path / "nan.wav")
