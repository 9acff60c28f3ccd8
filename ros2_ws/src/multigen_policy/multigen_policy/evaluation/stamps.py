"""Integrity of a recording's streams from their stamps: rates, gaps, order and delays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from multigen_core.streams.runs import nearest_run, runs
from multigen_core.types import NANOSECONDS, AudioChunk, to_seconds

AUDIO_TOLERANCE = 0.005
"""Steps between chunks up to this are clock jitter [s], as in `AudioRing`."""
GAP = 1.5
"""An interval this many periods long is a gap."""
Stamps = NDArray[np.int64]

REACH = 1800 * NANOSECONDS
"""Sound and plots extend at most this far from a moment [ns]."""


@dataclass(frozen=True, slots=True)
class StampHealth:
    """One stream: `rate` measured and `nominal` [Hz], gaps, delays from stamp to bag time [s].

    `jumps` are the times at which the stamps' clock was set, `unstamped` the messages without a
    stamp; neither counts as a gap or delay.
    """

    topic: str
    count: int
    rate: float
    nominal: float
    lost: int
    gaps: int
    max_gap: float
    out_of_order: int
    median_delay: float
    max_delay: float
    jumps: int = 0
    unstamped: int = 0


def stamp_health(
    topic: str, stamps: Stamps, times: Stamps, nominal: float, reference: Stamps | None = None
) -> StampHealth:
    """Health of a stream from its `stamps` and the bag's `times`, (N,) [ns], in order of arrival.

    Lost messages are counted relative to the stream's own median period, because rates are
    configurable, and relative to `reference`, the stamps of a stream that has every stamp of this
    one. `nominal` [Hz] is the contract's rate, 0 for streams without one.
    """
    nan = float("nan")
    count = len(stamps)
    # A clock that starts at zero reads zero once.
    unstamped = int((stamps == 0).sum())
    unstamped *= unstamped > 1
    if unstamped:
        stamps, times = stamps[stamps != 0], times[stamps != 0]
    if not len(stamps):
        return StampHealth(topic, count, nan, nominal, 0, 0, nan, 0, nan, nan, unstamped=unstamped)
    delays = (times - stamps) / NANOSECONDS
    stretches = [stamps[run] for run in runs(stamps)]
    steps = np.concatenate([np.diff(np.unique(stretch)) for stretch in stretches])
    rate = max_gap = nan
    lost = gaps = 0
    if nominal and len(steps):
        period = np.median(np.concatenate([_expected(s, reference) for s in stretches]))
        rate = NANOSECONDS / float(np.mean(steps))
        long = steps > GAP * period
        gaps = int(long.sum())
        lost = int(np.rint(steps[long] / period - 1).sum())
        max_gap = to_seconds(int(steps.max()))
    return StampHealth(
        topic,
        count,
        rate,
        nominal,
        lost,
        gaps,
        max_gap,
        sum(int((np.diff(stretch) < 0).sum()) for stretch in stretches),
        float(np.median(delays)),
        float(delays.max()),
        len(stretches) - 1,
        unstamped,
    )


def _expected(stamps: Stamps, reference: Stamps | None) -> Stamps:
    """The steps (M,) [ns] that a run of stamps would have without losses."""
    expected = np.unique(stamps)
    if reference is not None:
        inside = reference[(reference >= expected[0]) & (reference <= expected[-1])]
        expected = np.union1d(expected, inside)
    return np.asarray(np.diff(expected), np.int64)


@dataclass(frozen=True, slots=True)
class AudioHealth:
    """The continuity of sound: breaks in the sample stamps, and how much is missing [s].

    `jumps` are breaks at which the clock was set; no sound is known to be missing there.
    """

    gaps: int
    overlaps: int
    missing: float
    duration: float
    jumps: int = 0


def audio_health(chunks: Sequence[AudioChunk]) -> AudioHealth:
    """Breaks between consecutive chunks; a chunk that starts where the last ended is continuous."""
    gaps = overlaps = 0
    missing = 0.0
    stretches = runs(_stamps(chunks))
    for stretch in stretches:
        for before, after in pairwise(chunks[stretch]):
            step = to_seconds(after.stamp - before.end)
            if step > AUDIO_TOLERANCE:
                gaps += 1
                missing += step
            elif step < -AUDIO_TOLERANCE:
                overlaps += 1
    duration = sum(len(chunk.samples) / chunk.sample_rate for chunk in chunks)
    return AudioHealth(gaps, overlaps, missing, duration, max(len(stretches) - 1, 0))


def waveform(
    chunks: Sequence[AudioChunk], moment: int | None = None
) -> tuple[int, NDArray[np.float32]]:
    """The first stamp [ns] and the sound as one array (N,), zero where it is missing.

    If the clock was set, the part around `moment` [ns] (default: the first stamp); of longer sound,
    the part within REACH of it.
    """
    if not chunks:
        return 0, np.zeros(0, np.float32)
    rate = chunks[0].sample_rate
    moment = chunks[0].stamp if moment is None else moment
    stretch = sorted(chunks[nearest_run(_stamps(chunks), moment)], key=lambda chunk: chunk.stamp)
    middle = min(max(moment, stretch[0].stamp), stretch[-1].stamp)
    near = [chunk for chunk in stretch if abs(chunk.stamp - middle) <= REACH]
    start = near[0].stamp
    end = max(chunk.end for chunk in near)
    samples = np.zeros(round((end - start) * rate / NANOSECONDS), np.float32)
    cursor = 0
    for chunk in near:
        at = round((chunk.stamp - start) * rate / NANOSECONDS)
        # Within the jitter chunks are joined, because shifting by a sample would click.
        if abs(at - cursor) <= AUDIO_TOLERANCE * rate:
            at = cursor
        part = chunk.samples[: max(len(samples) - at, 0)]
        samples[at : at + len(part)] = part
        cursor = at + len(part)
    return start, samples


def span_around(stamps: Stamps, moment: int) -> tuple[int, int]:
    """The first and last of `stamps` (N,) [ns], in any order, around `moment` [ns].

    Limited to where the clock was not set, and to REACH.
    """
    ordered = np.sort(stamps)
    stretch = ordered[nearest_run(ordered, moment)]
    first, last = int(stretch[0]), int(stretch[-1])
    middle = min(max(moment, first), last)
    return max(first, middle - REACH), min(last, middle + REACH)


def _stamps(chunks: Sequence[AudioChunk]) -> Stamps:
    return np.array([chunk.stamp for chunk in chunks], np.int64)
