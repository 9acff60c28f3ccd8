import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.streams.chunks import Rechunker
from multigen_core.types import NANOSECONDS, AudioChunk


def chunks_of(sizes, sample_rate, origin):
    at = 0
    for size in sizes:
        stamp = origin + at * NANOSECONDS // sample_rate
        yield AudioChunk(stamp, np.arange(at, at + size, dtype=np.float32), sample_rate)
        at += size


@given(
    sizes=st.lists(st.integers(0, 1000), min_size=1, max_size=30),
    size=st.integers(1, 500),
    sample_rate=st.sampled_from([16_000, 44_100, 48_000]),
    origin=st.integers(0, 2**61),
)
def test_any_chunking_becomes_equal_chunks_with_exact_stamps(
    sizes: list[int], size: int, sample_rate: int, origin: int
) -> None:
    rechunker = Rechunker(size, sample_rate)
    given_ = [out for c in chunks_of(sizes, sample_rate, origin) for out in rechunker.push(c)]
    assert len(given_) == sum(sizes) // size
    for index, chunk in enumerate(given_):
        assert len(chunk.samples) == size
        assert chunk.stamp == origin + index * size * NANOSECONDS // sample_rate
    joined = np.concatenate([c.samples for c in given_] or [np.empty(0)])
    faded = round(0.005 * sample_rate)
    assert np.array_equal(joined[faded:], np.arange(len(joined))[faded:])


def test_a_gap_starts_a_new_stream_without_filling_it() -> None:
    rechunker = Rechunker(320, 16_000)
    ones = np.ones(500, np.float32)
    first = rechunker.push(AudioChunk(0, ones, 16_000))
    end, second = rechunker.push(AudioChunk(NANOSECONDS, ones, 16_000))
    assert [c.stamp for c in (*first, end, second)] == [0, 20_000_000, NANOSECONDS]
    assert second.samples[0] == 0.0
    assert np.all(np.diff(second.samples) >= 0)
    assert second.samples[-1] == 1.0
    assert (end.samples[:100] == 1.0).all()
    assert np.all(np.diff(end.samples[100:180]) < 0)
    assert not end.samples[180:].any()


def test_a_stream_that_ends_with_a_whole_chunk_fades_out_into_the_next() -> None:
    rechunker = Rechunker(320, 16_000)
    wave = np.sin(np.arange(640) / 9).astype(np.float32)
    chunks = rechunker.push(AudioChunk(0, wave, 16_000))
    (end,) = rechunker.finish()
    assert end.stamp == 40_000_000
    sound = np.concatenate([*(c.samples for c in chunks), end.samples])
    steepest = np.abs(np.diff(wave[80:])).max()
    assert np.abs(np.diff(sound[600:])).max() <= 1.2 * steepest
    assert not end.samples[80:].any()
    assert rechunker.finish() == []


def test_the_fade_leaves_the_input_alone() -> None:
    samples = np.ones(320, np.float32)
    Rechunker(320, 16_000).push(AudioChunk(0, samples, 16_000))
    assert (samples == 1).all()


def test_another_sample_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="44100 Hz given, 16000 Hz expected"):
        Rechunker(320, 16_000).push(AudioChunk(0, np.zeros(1, np.float32), 44_100))
