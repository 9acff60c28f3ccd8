from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.streams.buffers import AudioRing, StampedBuffer
from multigen_core.types import NANOSECONDS, AudioChunk

RATE = 1000
MS = NANOSECONDS // 1000


@dataclass
class Item:
    stamp: int


def filled(*stamps, capacity=10):
    buffer = StampedBuffer(capacity)
    for stamp in stamps:
        buffer.push(Item(stamp))
    return buffer


def test_a_buffer_keeps_the_newest():
    buffer = filled(1, 2, 3, 4, capacity=2)
    assert len(buffer) == 2
    assert buffer.newest().stamp == 4
    assert buffer.at(3).stamp == 3
    assert buffer.at(2) is None


def test_lookup_finds_the_newest_that_is_not_later():
    buffer = filled(10, 20, 30)
    assert [buffer.at(t).stamp for t in (10, 19, 20, 29, 30, 99)] == [10, 10, 20, 20, 30, 30]
    assert buffer.at(9) is None


def test_an_empty_buffer_has_nothing():
    buffer = filled()
    assert buffer.newest() is None
    assert buffer.at(5) is None


def test_late_and_repeated_items_are_dropped_and_counted():
    buffer = filled(10, 20, 15, 20)
    assert buffer.late == 2
    assert [buffer.at(t).stamp for t in (10, 15, 20)] == [10, 10, 20]


def test_a_clock_that_goes_back_clears_the_buffer():
    buffer = filled(5 * NANOSECONDS, 10)
    assert len(buffer) == 1
    assert buffer.newest().stamp == 10
    assert buffer.late == 0


def chunk(start, values, rate=RATE):
    """Samples from sample number `start` on."""
    return AudioChunk(start * NANOSECONDS // rate, np.array(values, np.float32), rate)


def ring(*chunks, seconds=0.1):
    made = AudioRing(seconds, RATE, tolerance=0.002)
    for item in chunks:
        made.push(item)
    return made


def since(made, stamp, until=None):
    found = made.since(stamp * MS, None if until is None else until * MS)
    return [(piece.stamp // MS, list(piece.samples)) for piece in found]


def test_chunks_are_joined_and_addressed_by_time():
    made = ring(chunk(0, [1, 2, 3, 4]), chunk(4, [5, 6, 7, 8]))
    assert made.end == 8 * MS
    assert since(made, 5) == [(5, [6, 7, 8])]
    assert since(made, 3, 6) == [(3, [4, 5, 6])]


def test_only_what_the_ring_holds_is_given():
    made = ring(chunk(0, [1, 2, 3, 4]))
    assert since(made, -9) == [(0, [1, 2, 3, 4])]
    assert since(made, 2, 9) == [(2, [3, 4])]
    assert since(made, 4) == since(made, 20) == since(made, 3, 2) == since(ring(), 0) == []


def test_the_oldest_is_forgotten():
    made = ring(*(chunk(start, range(start, start + 40)) for start in range(0, 200, 40)))
    assert since(made, 0) == [(100, list(range(100, 200)))]


def test_jitter_is_absorbed():
    made = ring(chunk(0, [1, 2, 3, 4]), chunk(6, [5, 6, 7, 8]))
    assert (made.gaps, made.overlaps) == (0, 0)
    assert since(made, 0) == [(0, [1, 2, 3, 4, 5, 6, 7, 8])]


def test_a_clock_that_drifts_begins_pieces_but_leaves_no_gap():
    made = ring(*(chunk(5 * n, range(4 * n, 4 * n + 4)) for n in range(20)))
    assert (made.gaps, made.overlaps) == (0, 0)
    pieces = since(made, 0)
    assert len(pieces) > 1
    assert [value for _, values in pieces for value in values] == list(range(80))
    assert abs(pieces[-1][0] + len(pieces[-1][1]) - 99) <= 2


def test_a_gap_parts_the_sound_and_is_counted():
    made = ring(chunk(0, [1, 2]), chunk(5, [3, 4]))
    assert made.gaps == 1
    assert since(made, 0) == [(0, [1, 2]), (5, [3, 4])]
    assert since(made, 1, 6) == [(1, [2]), (5, [3])]


def test_a_gap_takes_no_room():
    made = ring(chunk(0, [1, 2]), chunk(5000, [3, 4]))
    assert made.gaps == 1
    assert since(made, 0) == [(0, [1, 2]), (5000, [3, 4])]


def test_an_overlap_is_cut_and_counted():
    made = ring(chunk(0, [1, 2, 3, 4, 5, 6]), chunk(3, [40, 50, 60, 7, 8]))
    assert made.overlaps == 1
    assert since(made, 0) == [(0, [1, 2, 3, 4, 5, 6, 7, 8])]


def test_a_chunk_wholly_in_the_past_is_dropped():
    made = ring(chunk(0, range(50)), chunk(10, [9, 9, 9]))
    assert made.end == 50 * MS
    assert made.overlaps == 1


def test_a_clock_that_goes_back_clears_the_ring():
    made = AudioRing(3.0, RATE)
    made.push(chunk(5000, np.ones(100)))
    made.push(chunk(3500, [2, 2]))
    assert (made.overlaps, made.gaps) == (0, 0)
    assert since(made, 0) == [(3500, [2, 2])]


def test_a_chunk_longer_than_the_ring_leaves_its_end():
    made = ring(chunk(0, range(300)))
    assert since(made, 0) == [(200, list(range(200, 300)))]


def test_another_sample_rate_is_refused():
    with pytest.raises(ValueError, match="8000 Hz given, 1000 Hz expected"):
        ring(chunk(0, [1.0], rate=8000))


def test_what_is_given_is_a_copy():
    made = ring(chunk(0, [1, 2, 3]))
    made.since(0)[0].samples[:] = 9
    assert since(made, 0) == [(0, [1, 2, 3])]


@given(st.lists(st.integers(1, 90), min_size=1, max_size=12), st.integers(0, 10**6), st.data())
def test_any_cut_of_a_stream_reads_back_as_the_stream(sizes, origin, data):
    total = sum(sizes)
    made, at = AudioRing(0.2, RATE), 0
    for size in sizes:
        made.push(chunk(origin + at, np.arange(at, at + size)))
        at += size
    start = data.draw(st.integers(0, total + 50))
    end = data.draw(st.integers(0, total + 50))
    low, high = max(start, total - 200, 0), min(end, total)
    found = made.since((origin + start) * MS, (origin + end) * MS)
    if high <= low:
        assert found == ()
    else:
        (piece,) = found
        assert piece.stamp == (origin + low) * MS
        np.testing.assert_array_equal(piece.samples, np.arange(low, high))


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(-1, 30)), min_size=1, max_size=12),
    st.integers(0, 997),
)
def test_reading_on_from_the_end_of_the_last_piece_loses_and_repeats_nothing(chunks, phase):
    made, at, count, read = AudioRing(5.0, RATE, tolerance=0.002), 0, 0, []
    cursor = 0
    for size, gap in chunks:
        at += max(gap, 0) if gap > 2 else 0
        stamp = (at * NANOSECONDS + phase) // RATE
        made.push(AudioChunk(stamp, np.arange(count, count + size, dtype=np.float32), RATE))
        at, count = at + size, count + size
        for piece in made.since(cursor):
            read.extend(piece.samples)
            cursor = piece.end
    assert read == list(range(count))
