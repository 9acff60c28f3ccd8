"""How arriving messages get their bag times."""

import time

import pytest

from multigen_core.bags.arrivals import MAX_EARLY, Arrivals
from multigen_core.contract import AUDIO


@pytest.fixture
def written():
    return []


@pytest.fixture
def arrivals(written):
    def make(simulated):
        return Arrivals(lambda _, data, stamp: written.append((data, stamp)), simulated)

    return make


def test_wall_time_kept_messages_have_the_time_of_their_arrival(arrivals, written):
    undecided = arrivals(None)
    before = time.time_ns()
    assert not undecided.take(AUDIO, b"a", 7)
    assert not undecided.take(AUDIO, b"b", 8)
    after = time.time_ns()
    assert written == []
    undecided.decide(False)
    (a, first), (b, second) = written
    assert (a, b) == (b"a", b"b")
    assert before <= first <= second <= after
    assert undecided.take(AUDIO, b"c", 9)
    assert written[2:] == [(b"c", 9)]


def test_simulated_time_kept_messages_have_the_time_at_which_it_begins(arrivals, written):
    undecided = arrivals(None)
    undecided.take(AUDIO, b"a", 7)
    undecided.decide(True)
    assert not undecided.take(AUDIO, b"b", 0)
    assert undecided.waiting == 2
    assert undecided.take(AUDIO, b"c", 5)
    assert written == [(b"a", 5), (b"b", 5), (b"c", 5)]
    assert not undecided.waiting


def test_what_cannot_be_kept_is_counted(arrivals, written):
    undecided = arrivals(None)
    for _ in range(MAX_EARLY + 3):
        undecided.take(AUDIO, b"", 1)
    assert undecided.lost == 3
    undecided.decide(False)
    assert len(written) == MAX_EARLY
