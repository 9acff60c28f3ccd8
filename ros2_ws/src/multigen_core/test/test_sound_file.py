import numpy as np
import pytest
import soundfile

from multigen_core.streams.sound_file import SoundFileError, read_sound_file


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [(".wav", "FLOAT"), (".WAV", "DOUBLE"), (".wav", "PCM_24"), (".flac", "PCM_16"),
     (".ogg", "VORBIS"), (".aiff", "PCM_16"), (".mp3", "MPEG_LAYER_III"), (".w64", "FLOAT")],
)  # fmt: skip
def test_sound_files_of_every_kind_are_read(tmp_path, suffix, subtype):
    path = tmp_path / f"a{suffix}"
    time = np.arange(48_000) / 48_000
    sound = 0.5 * np.stack([np.sin(2 * np.pi * 440 * time), np.zeros(48_000)], 1)
    soundfile.write(path, sound, 48_000, subtype=subtype)
    samples, rate = read_sound_file(path)
    assert (rate, samples.shape[1], samples.dtype) == (48_000, 2, np.float32)
    assert samples.shape[0] >= 48_000
    assert np.abs(samples[5000:40_000, 0]).max() == pytest.approx(0.5, abs=0.02)


def test_a_file_that_claims_to_be_long_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(1000), 16_000)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # the upper bits of the number of samples
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    try:
        samples, _ = read_sound_file(path)
    except SoundFileError:
        return
    assert len(samples) == 1000


@pytest.mark.parametrize(
    ("samples", "rate", "reason"),
    [([np.nan] * 100, 16_000, "NaN"), ([0.0] * 100, 2, "sample rate 2 Hz")],
)
def test_sound_that_is_none_is_refused(tmp_path, samples, rate, reason):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array(samples), rate, subtype="FLOAT")
    with pytest.raises(SoundFileError, match=reason):
        read_sound_file(path)


def test_what_is_no_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFFxxxxWAVE")
    for name in ("a.wav", "none.wav", "."):
        with pytest.raises(SoundFileError) as error:
            read_sound_file(tmp_path / name)
        assert "\n" not in str(error.value)
