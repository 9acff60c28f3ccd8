from itertools import pairwise

import pytest

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.stream import SoundStream
from multigen_core.errors import MultigenError
from multigen_core.types import NANOSECONDS, LiquidState

CHUNK = 320


@pytest.fixture
def stream() -> SoundStream:
    return SoundStream(Physical(), CHUNK, 50.0)


def feed(stream, states):
    chunks = []
    for state in states:
        stream.push(state)
        chunks += stream.pull()
    return chunks


def test_contiguous_inputs_give_contiguous_chunks(stream) -> None:
    chunks = feed(stream, steady_pour(end=2.0, stamp=3))
    assert chunks[0].stamp == 3
    assert len(chunks) == 100
    assert all(b.stamp - a.stamp == 20_000_000 for a, b in pairwise(chunks))
    assert (stream.late, stream.gaps, stream.rewinds) == (0, 0, 0)


def test_late_and_repeated_inputs_are_dropped_and_counted(stream) -> None:
    states = list(steady_pour(end=1.0))
    chunks = feed(stream, [*states[:20], states[19], states[10], *states[20:]])
    assert stream.late == 2
    assert len(chunks) == 50


def test_one_missing_input_is_bridged(stream) -> None:
    states = list(steady_pour(end=1.0))
    chunks = feed(stream, states[:20] + states[21:])
    assert stream.gaps == 0
    assert len(chunks) == 50


def test_a_gap_is_counted_and_never_filled(stream) -> None:
    states = list(steady_pour(end=2.0))
    chunks = feed(stream, states[:40] + states[60:])
    assert stream.gaps == 1
    assert stream.longest_gap == pytest.approx(0.42)
    stamps = [chunk.stamp for chunk in chunks]
    assert states[60].stamp in stamps
    between = [c for c in chunks if states[39].stamp <= c.stamp < states[60].stamp]
    assert [c.stamp for c in between] == [states[39].stamp]
    assert between[0].samples[:20].any()
    assert not between[0].samples[80:].any()


def test_what_waits_to_be_pulled_outlives_a_gap() -> None:
    stream = SoundStream(Physical(), CHUNK, 50.0)
    states = list(steady_pour(end=2.0))
    for state in states[:40] + states[60:]:
        stream.push(state)
    chunks = stream.pull()
    stamps = [c.stamp for c in chunks]
    ahead = states[:40] + states[60:100]
    assert stamps == [state.stamp for state in ahead]


def test_a_clock_set_back_restarts_the_stream(stream) -> None:
    before = feed(stream, steady_pour(end=2.0, stamp=9 * NANOSECONDS))
    after = feed(stream, steady_pour(end=1.0))
    assert stream.rewinds == 1
    end, first = after[:2]
    assert end.stamp == before[-1].end
    assert not end.samples[80:].any()
    assert first.stamp == 0


def test_after_a_restart_the_sound_is_that_of_a_fresh_synthesizer(stream) -> None:
    states = list(steady_pour(end=1.0, start=0.1, stamp=20 * NANOSECONDS))
    feed(stream, steady_pour(end=1.0))
    _, *after = feed(stream, states)
    fresh = feed(SoundStream(Physical(), CHUNK, 50.0), states)
    assert all((a.samples == b.samples).all() for a, b in zip(after, fresh, strict=True))


def test_an_input_of_an_unknown_vessel_is_refused_and_the_stream_goes_on(stream) -> None:
    states = list(steady_pour(end=1.0))
    feed(stream, states[:20])
    with pytest.raises(MultigenError, match="unknown vessel"):
        stream.push(LiquidState(states[20].stamp, "beaker", "amphora", "water"))
    assert len(feed(stream, states[21:])) == 50 - 19
