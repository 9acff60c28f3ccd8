import itertools
import threading
import time

import numpy as np
import pytest
import soundfile

from multigen_core.types import NANOSECONDS
from multigen_robot.microphone.source import Block, MicrophoneConfig, MicrophoneError
from multigen_robot.microphone.stream import Chunker, MicrophoneStream


def chirp(seconds=2.0, rate=16000, level=0.5):
    """A rising tone with noise, so that its place in time is unmistakable."""
    t = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (200 * t + 900 * t**2))
    return (level * tone + 0.05 * np.random.default_rng(1).standard_normal(len(t))).clip(-1, 1)


def pcm_of(samples):
    return np.rint(samples * 32767).astype(np.int16)


def joined(chunks):
    return np.concatenate([chunk.samples for chunk in chunks])


class Ear:
    """Collects chunks and log lines of a stream."""

    def __init__(self):
        self.chunks = []
        self.lines = []
        self.stream = None

    def open(self, **options):
        self.stream = MicrophoneStream(
            MicrophoneConfig(**options),
            time.time_ns,
            self.chunks.append,
            lambda line, bad: self.lines.append((line, bad)),
            "mic",
        )
        return self.stream


@pytest.fixture
def ear():
    made = Ear()
    yield made
    if made.stream:
        made.stream.close()


def blocks(samples, rate, size, start=10**18):
    for begin in range(0, len(samples), size):
        part = samples[begin : begin + size].astype(np.float32)[:, None]
        yield Block(part, start + begin * NANOSECONDS // rate)


def chunked(chunker, block):
    return chunker.add(block, block.samples[:, 0])


@pytest.mark.parametrize(("rate", "size"), [(16000, 320), (16000, 441), (16000, 64)])
def test_at_16_khz_samples_pass_untouched_in_chunks_of_320(rate, size):
    samples = chirp().astype(np.float32)
    chunker = Chunker(rate, 320)
    chunks = [
        chunk for block in blocks(samples, rate, size) for chunk in chunked(chunker, block)[0]
    ]
    assert {len(chunk.samples) for chunk in chunks} == {320}
    np.testing.assert_array_equal(joined(chunks), samples[: 320 * len(chunks)])
    assert [chunk.stamp for chunk in chunks] == [
        10**18 + i * 20_000_000 for i in range(len(chunks))
    ]


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_another_rate_is_resampled_and_keeps_its_times(rate):
    chunker = Chunker(rate, 320)
    t = np.arange(3 * rate) / rate
    click = np.exp(-(((t - 1.25) / 0.0005) ** 2))
    chunks = [
        chunk
        for block in blocks(click, rate, round(0.02 * rate))
        for chunk in chunked(chunker, block)[0]
    ]
    peak = int(np.argmax(joined(chunks)))
    chunk, offset = chunks[peak // 320], peak % 320
    assert (chunk.stamp - 10**18) / NANOSECONDS + offset / 16000 == pytest.approx(1.25, abs=1e-4)
    assert joined(chunks).max() == pytest.approx(1.0, abs=0.05)


def test_resampling_keeps_the_sound():
    chunker = Chunker(48000, 320)
    source = chirp(rate=48000)
    heard = joined([c for block in blocks(source, 48000, 960) for c in chunked(chunker, block)[0]])
    t = np.arange(len(heard)) / 16000
    tone = np.sin(2 * np.pi * (200 * t + 900 * t**2))
    assert np.corrcoef(heard, tone)[0, 1] > 0.98


def test_samples_lost_on_our_side_are_a_gap_of_their_length():
    chunker = Chunker(16000, 320)
    given = list(blocks(chirp(), 16000, 200))
    kept, lost = [*given[:20], *given[26:]], 6 * 200
    kept[20] = Block(kept[20].samples, kept[20].stamp, lost=lost)
    chunks, gaps = [], []
    for block in kept:
        new, gap = chunked(chunker, block)
        chunks += new
        gaps.append(gap)
    assert [gap for gap in gaps if gap] == [pytest.approx(lost / 16000)]
    steps = {b.stamp - a.end for a, b in itertools.pairwise(chunks)}
    assert {round(step, -4) for step in steps} == {0, lost * NANOSECONDS // 16000}
    samples = chirp().astype(np.float32)
    for chunk in chunks:
        first = round((chunk.stamp - 10**18) * 16000 / NANOSECONDS)
        np.testing.assert_array_equal(chunk.samples, samples[first : first + len(chunk.samples)])


@pytest.mark.parametrize(("rate", "channels", "kind"), [(16000, 1, "flac"), (48000, 2, "wav")])
def test_a_sound_file_is_heard_in_real_time(ear, tmp_path, wait, rate, channels, kind):
    path = tmp_path / f"pour.{kind}"
    samples = chirp(1.0, rate)
    soundfile.write(path, pcm_of(np.repeat(samples[:, None], channels, axis=1)), rate)
    before = time.time_ns()
    ear.open(device=str(path))
    wait(lambda: ear.stream.status.error == "end of file", "the end")
    assert time.time_ns() - before > 0.95e9
    heard = joined(ear.chunks)
    assert abs(len(heard) - 16000) <= 2
    if rate == 16000:
        np.testing.assert_array_equal(pcm_of(heard), pcm_of(samples))
    assert ear.chunks[0].frame_id == "mic"
    assert 0 <= ear.chunks[0].stamp - before < 60e9
    np.testing.assert_allclose(np.diff([c.stamp for c in ear.chunks]), 20e6, atol=1e6)
    assert ear.stream.status.gaps == 0


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("pour.wav", "FLOAT"),
        ("pour.wav", "DOUBLE"),
        ("pour.wav", "PCM_24"),
        ("pour.aif", "PCM_16"),
        ("pour.au", "FLOAT"),
        ("pour.caf", "FLOAT"),
        ("pour.w64", "PCM_32"),
        ("pour.mp3", "MPEG_LAYER_III"),
        ("pour.opus", "OPUS"),
        ("pour", "PCM_16"),
    ],
)
def test_a_sound_file_of_any_format_is_heard_as_it_sounds(ear, tmp_path, wait, name, subtype):
    path = tmp_path / name
    formats = {".aif": "AIFF", ".opus": "OGG", "": "WAV"}
    sound_format = formats.get(path.suffix, path.suffix[1:].upper())
    samples = chirp(0.6)
    soundfile.write(path, samples, 16000, format=sound_format, subtype=subtype)
    ear.open(device=str(path))
    wait(lambda: ear.stream.status.error == "end of file", "the end")
    heard = joined(ear.chunks)
    # MP3 and Opus begin a little before the sound.
    place = int(np.argmax(np.correlate(heard, samples.astype(np.float32), "full")))
    lead = place - len(samples) + 1
    both = min(len(heard) - lead, len(samples))
    assert np.corrcoef(heard[lead : lead + both], samples[:both])[0, 1] > 0.95
    assert np.std(heard) == pytest.approx(np.std(samples), rel=0.1)


def test_float_sound_beyond_full_scale_is_clipped_and_told(ear, tmp_path, wait):
    path = tmp_path / "loud.wav"
    samples = 3.0 * chirp(0.5)
    samples[100] = np.nan
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    ear.open(device=str(path))
    wait(lambda: ear.stream.status.error == "end of file", "the end")
    assert np.abs(joined(ear.chunks)).max() == 1.0
    assert "clipping" in ear.stream.status.warning


def test_one_channel_can_be_chosen(ear, tmp_path, wait):
    path = tmp_path / "two.wav"
    pair = np.column_stack([chirp(0.5), 0.1 * chirp(0.5, level=0.2)])
    soundfile.write(path, pcm_of(pair), 16000)
    ear.open(device=str(path), channel=2)
    wait(lambda: ear.stream.status.error == "end of file", "the end")
    np.testing.assert_array_equal(pcm_of(joined(ear.chunks)), pcm_of(pair[:, 1]))


def test_a_channel_that_is_not_there_is_refused(ear, tmp_path):
    path = tmp_path / "two.wav"
    soundfile.write(path, np.zeros((100, 2)), 16000)
    with pytest.raises(MicrophoneError, match="has no channel 3, only 2"):
        ear.open(device=str(path), channel=3)


def test_a_looped_sound_file_begins_again_without_a_gap(ear, tmp_path, wait):
    path = tmp_path / "short.wav"
    ramp = np.arange(1, 1001, dtype=np.int16)
    soundfile.write(path, ramp, 16000)
    ear.open(device=str(path), loop=True)
    wait(lambda: len(ear.chunks) >= 10, "chunks")
    heard = pcm_of(joined(ear.chunks[:10]))
    np.testing.assert_array_equal(heard, np.tile(ramp, 4)[:3200])


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("pour.wav", None, "no such file"),
        ("pour.mp3", None, "no such file"),
        ("pour", None, "no such file"),
        ("pour.wav", b"not sound", "not a readable sound file"),
        ("pour.m4a", b"not sound", "convert it: ffmpeg -i pour.m4a sound.wav"),
        ("pour.raw", b"not sound", "not a readable sound file"),
    ],
)
def test_a_file_that_cannot_be_heard_is_refused_at_once(ear, tmp_path, name, content, word):
    path = tmp_path / name
    if content:
        path.write_bytes(content)
    with pytest.raises(MicrophoneError, match=word):
        ear.open(device=str(path))


def test_an_unknown_device_lists_the_available_ones_once_and_is_waited_for(
    ear, virtual_microphone, wait
):
    ear.open(device="no such thing")
    wait(lambda: "no input device matches 'no such thing'" in ear.stream.status.error, "the error")
    time.sleep(1.0)
    assert len(ear.lines) == 1
    line = ear.lines[0][0]
    assert "available: " in line
    assert "pulse" in line
    assert "\n" not in line


def test_what_is_played_is_heard_bit_by_bit_with_true_stamps(
    ear, virtual_microphone, tmp_path, wait
):
    path, played = tmp_path / "chirp.wav", pcm_of(chirp(2.0))
    soundfile.write(path, played, 16000)
    ear.open(device="pulse")
    wait(lambda: len(ear.chunks) > 75, "chunks")
    # On a starved machine the player or PulseAudio's null sink, not the microphone, leaves holes.
    for _ in range(5):
        first, gaps = len(ear.chunks) - 50, ear.stream.status.gaps
        before = time.time_ns()
        virtual_microphone.play(path)
        after = time.time_ns()
        wait(lambda end=after: ear.chunks[-1].stamp > end + 10**9, "the end")
        chunks = list(ear.chunks)[first:]
        heard = pcm_of(joined(chunks))
        place = int(np.argmax(np.correlate(heard.astype(float), played.astype(float), "valid")))
        if np.array_equal(heard[place : place + len(played)], played):
            break
    np.testing.assert_array_equal(heard[place : place + len(played)], played)
    chunk = chunks[place // 320]
    begin = chunk.stamp + (place % 320) * NANOSECONDS // 16000
    end = begin + 2 * NANOSECONDS
    # paplay returns when the sink has drained. The sink renders ahead of time by its latency, so
    # its monitor, unlike a microphone, may hear a sound a little before it is played.
    assert before - 0.05e9 < begin
    assert end < after + 0.05e9
    steps = np.diff([c.stamp for c in chunks])
    assert np.abs(steps - 20e6).max() < 1e6
    assert ear.stream.status.gaps == gaps
    assert ear.stream.status.lag > -0.002


def test_silence_is_noticed_and_sound_forgiven(ear, virtual_microphone, tmp_path, wait):
    path = tmp_path / "chirp.wav"
    soundfile.write(path, pcm_of(chirp(1.0)), 16000)
    ear.open(device="pulse")
    wait(lambda: "silent" in ear.stream.status.warning, "the warning")
    player = threading.Thread(target=virtual_microphone.play, args=(path,))
    player.start()
    wait(lambda: ear.stream.status.warning == "", "the end of the warning")
    player.join()


def test_an_unplugged_microphone_is_reported_and_taken_up_again(ear, virtual_microphone, wait):
    ear.open(device="pulse")
    wait(lambda: len(ear.chunks) > 20, "chunks")
    virtual_microphone.unplug()
    wait(lambda: ear.stream.status.error, "the loss to be noticed")
    count = len(ear.chunks)
    virtual_microphone.start()
    wait(lambda: len(ear.chunks) > count + 20, "chunks again")
    assert ear.stream.status.error == ""
    assert ear.stream.status.connects == 2
    stamps = np.array([chunk.stamp for chunk in ear.chunks])
    assert (np.diff(stamps) > 0).all()
