"""Playing a part of a bag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from multigen_core.bags import BagError, BagReader, BagWriter, Playback
from multigen_core.bags.typestore import deserialize
from multigen_core.contract import GOAL, POUR_STATE
from multigen_core.types import NANOSECONDS, PourProgress, PourState


@pytest.fixture
def half_latched(tmp_path: Path) -> Iterator[BagReader]:
    """Ten pour states, one a second, and three goals, at 0, 2 and 8 s."""
    with BagWriter(tmp_path / "bag", (GOAL, POUR_STATE)) as bag:
        for second in range(10):
            stamp = second * NANOSECONDS
            if second in (0, 2, 8):
                bag.write(GOAL, PourProgress(stamp, "accepted", second * 1e-6), stamp)
            bag.write(POUR_STATE, PourState(stamp, 0.0, 0.0, 0.0, 0.0), stamp)
    with BagReader(tmp_path / "bag") as bag:
        yield bag


@pytest.mark.parametrize(
    ("start", "duration", "first", "last", "goals"),
    [
        (0.0, 0.0, 0, 9, [0, 2, 8]),
        (3.5, 0.0, 4, 9, [2, 8]),
        (3.5, 2.0, 4, 5, [2]),
        (2.0, 0.5, 2, 2, [0, 2]),
        (0.0, 99.0, 0, 9, [0, 2, 8]),
    ],
)
def test_playback_of_a_part_begins_with_what_was_latched(
    half_latched: BagReader, start: float, duration: float, first: int, last: int, goals: list[int]
) -> None:
    playback = Playback(half_latched, 1.0, False, start, duration)
    assert playback.now == start * NANOSECONDS
    played = list(playback.due(100.0))
    seconds = [
        round(deserialize(data, topic.type).header.stamp.sec)
        for topic, data in played
        if topic is POUR_STATE
    ]
    assert seconds == list(range(first, last + 1))
    volumes = [
        deserialize(data, topic.type).target_volume for topic, data in played if topic is GOAL
    ]
    assert volumes == pytest.approx([second * 1e-6 for second in goals])
    assert playback.finished
    assert playback.now == min(start + duration if duration else 9.0, 9.0) * NANOSECONDS


def test_playback_from_beyond_the_end_says_how_long_the_bag_is(half_latched: BagReader) -> None:
    with pytest.raises(BagError, match=r"is 9\.0 s long, so none is left after 12 s"):
        Playback(half_latched, 1.0, False, start=12.0)


def test_playback_of_a_part_loops_over_that_part(half_latched: BagReader) -> None:
    playback = Playback(half_latched, 1.0, True, 3.0, 2.0)
    assert len(list(playback.due(2.0))) == 4
    assert len(list(playback.due(2.5))) == 2
    assert playback.now == 3.5 * NANOSECONDS
