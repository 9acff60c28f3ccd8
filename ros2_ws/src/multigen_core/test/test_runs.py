import numpy as np

from multigen_core.streams.runs import BACK, FORWARD, nearest_run, runs
from multigen_core.types import NANOSECONDS


def stretches(*stamps):
    return [list(np.array(stamps)[run]) for run in runs(np.array(stamps, np.int64))]


def test_a_clock_that_is_set_parts_a_stream_and_lateness_or_an_outage_does_not():
    assert stretches(0, FORWARD, FORWARD - BACK) == [[0, FORWARD, FORWARD - BACK]]
    assert stretches(0, FORWARD + 1) == [[0], [FORWARD + 1]]
    assert stretches(5 * NANOSECONDS, 3 * NANOSECONDS) == [[5 * NANOSECONDS], [3 * NANOSECONDS]]
    assert stretches() == []
    assert stretches(7) == [[7]]


def test_stamps_of_every_size_are_parted():
    far = (2**31 - 1) * NANOSECONDS
    assert stretches(-far, far, -far) == [[-far], [far], [-far]]


def test_the_nearest_stretch_is_the_one_that_holds_the_moment_or_comes_closest():
    stamps = np.array([0, 10, 3 * FORWARD, 3 * FORWARD + 10])
    assert nearest_run(stamps, 5) == slice(0, 2)
    assert nearest_run(stamps, FORWARD) == slice(0, 2)
    assert nearest_run(stamps, 3 * FORWARD - 5) == slice(2, 4)
    assert nearest_run(stamps, 9 * FORWARD) == slice(2, 4)
