import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_core.types import NANOSECONDS
from multigen_robot.microphone.sample_clock import SampleClock

RATE, BLOCK = 16000, 320
MS = 1_000_000


def run(times, overflow=(), clock=None):
    """Observe a block per time [s]; returns stamps [s] and gaps found."""
    clock = clock or SampleClock(RATE)
    stamps, gaps = [], {}
    for index, time in enumerate(times):
        gap = clock.observe(index * BLOCK, round(time * NANOSECONDS), index in overflow)
        if gap:
            gaps[index] = gap
        stamps.append(clock.stamp(index * BLOCK) / NANOSECONDS)
    return np.array(stamps), gaps


def times(count, drift=0.0):
    return 100.0 + np.arange(count) * BLOCK / RATE * (1 + drift)


def test_exact_times_are_kept():
    stamps, gaps = run(times(200))
    np.testing.assert_allclose(stamps, times(200), atol=1e-8)
    assert gaps == {}


@settings(max_examples=25, deadline=None)
@given(
    jitter=st.floats(0, 0.008),
    drift=st.floats(-3e-4, 3e-4),
    seed=st.integers(0, 2**31),
)
def test_jitter_is_smoothed_and_drift_followed(jitter, drift, seed):
    true = times(1500, drift)
    late = jitter * np.random.default_rng(seed).random(len(true))
    stamps, gaps = run(true + late)
    assert gaps == {}
    steps = np.diff(stamps) - BLOCK / RATE
    assert np.abs(steps).max() < 0.0005
    settled = (stamps - true)[500:]
    assert np.abs(settled - jitter / 2).max() < 0.002


def test_a_first_block_that_was_late_is_corrected_within_seconds():
    measured = times(400)
    measured[0] += 0.03
    stamps, _ = run(measured)
    assert abs(stamps[200] - times(400)[200]) < 0.002
    assert np.abs(np.diff(stamps) - 0.02).max() < 0.0005


def test_a_late_burst_of_callbacks_moves_no_stamp_by_much():
    measured = times(400)
    measured[200:208] += np.linspace(0.3, 0.16, 8)
    stamps, gaps = run(measured)
    assert gaps == {}
    assert np.abs(stamps - times(400)).max() < 0.003


def test_a_lasting_jump_is_a_gap_and_moves_the_stamps():
    measured = times(400)
    measured[200:] += 0.25
    stamps, gaps = run(measured)
    assert len(gaps) == 1
    index, gap = gaps.popitem()
    assert gap == pytest.approx(0.25, abs=0.01)
    assert 200 < index < 220
    np.testing.assert_allclose(stamps[index:], measured[index:], atol=1e-6)


def test_a_reported_overflow_finds_the_gap_sooner():
    measured = times(400)
    measured[200:] += 0.25
    _, gaps = run(measured, overflow={200})
    assert list(gaps) == [202]


def test_an_overflow_that_lost_nothing_is_no_gap():
    _, gaps = run(times(400), overflow={200})
    assert gaps == {}


def test_a_clock_that_goes_back_is_a_negative_gap():
    measured = times(400)
    measured[200:] -= 40.0
    stamps, gaps = run(measured)
    assert list(gaps.values()) == [pytest.approx(-40.0, abs=0.01)]
    np.testing.assert_allclose(stamps[-1], measured[-1], atol=1e-6)


def test_skipping_lets_the_next_stamp_jump():
    clock = SampleClock(RATE)
    clock.observe(0, 0)
    assert clock.stamp(0) == 0
    clock.observe(3200, 200 * MS)
    clock.skip()
    assert clock.stamp(3200) == 200 * MS


def test_no_sample_is_put_long_after_the_moment_its_block_arrived():
    clock = SampleClock(RATE)
    true = times(600)
    rng = np.random.default_rng(0)
    for index, taken in enumerate(true):
        arrival = taken + 0.02 * rng.random()
        latest = round(arrival * NANOSECONDS)
        clock.observe(index * BLOCK, latest, latest=latest)
        stamp = clock.stamp(index * BLOCK)
        if index > 200:
            # Stamps are pulled back no faster than they may slew.
            assert stamp <= latest + 2 * MS
            assert abs(stamp / NANOSECONDS - taken) < 0.005
