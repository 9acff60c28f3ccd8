"""Whether a recording's streams are whole: rates, gaps, order and delays by their stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS, AudioChunk, to_seconds

AUDIO_TOLERANCE = 0.005
"""A step between chunks up to this is clock jitter [s], as in `AudioRing`."""
GAP = 1.5
"""An interval this many periods long is a gap."""

Stamps = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StampHealth:
    """One stream: `rate` measured and `nominal` [Hz], gaps, delays from stamp to bag time [s]."""

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


def stamp_health(
    topic: str, stamps: Stamps, times: Stamps, nominal: float, reference: Stamps | None = None
) -> StampHealth:
    """Health of a stream from its `stamps` and the bag's `times`, (N,) [ns], in order of arrival.

    Lost messages are counted against the stream's own median period, since a rate may be
    configured, and against `reference`, the stamps of a stream that has every stamp of this one.
    `nominal` [Hz] is what the contract says, 0 for streams without a rate.
    """
    nan = float("nan")
    count = len(stamps)
    if not count:
        return StampHealth(topic, 0, nan, nominal, 0, 0, nan, 0, nan, nan)
    delays = (times - stamps) / NANOSECONDS
    out_of_order = int((np.diff(stamps) < 0).sum())
    own = np.unique(stamps)
    expected = own
    if reference is not None:
        inside = reference[(reference >= own[0]) & (reference <= own[-1])]
        expected = np.union1d(own, inside)
    steps = np.diff(own)
    rate = max_gap = nan
    lost = gaps = 0
    if nominal and len(steps):
        period = float(np.median(np.diff(expected)))
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
        out_of_order,
        float(np.median(delays)),
        float(delays.max()),
    )


@dataclass(frozen=True, slots=True)
class AudioHealth:
    """The continuity of sound: breaks in the sample stamps, and how much is missing [s]."""

    gaps: int
    overlaps: int
    missing: float
    duration: float


def audio_health(chunks: Sequence[AudioChunk]) -> AudioHealth:
    """Breaks between consecutive chunks; one that begins where the last ended is continuous."""
    gaps = overlaps = 0
    missing = 0.0
    for before, after in pairwise(chunks):
        step = to_seconds(after.stamp - before.end)
        if step > AUDIO_TOLERANCE:
            gaps += 1
            missing += step
        elif step < -AUDIO_TOLERANCE:
            overlaps += 1
    duration = sum(len(chunk.samples) / chunk.sample_rate for chunk in chunks)
    return AudioHealth(gaps, overlaps, missing, duration)


def waveform(chunks: Sequence[AudioChunk]) -> tuple[int, NDArray[np.float32]]:
    """The first stamp [ns] and the sound as one array (N,), silent where it is missing."""
    if not chunks:
        return 0, np.zeros(0, np.float32)
    rate = chunks[0].sample_rate
    start = min(chunk.stamp for chunk in chunks)
    end = max(chunk.end for chunk in chunks)
    samples = np.zeros(round((end - start) * rate / NANOSECONDS), np.float32)
    cursor = 0
    for chunk in sorted(chunks, key=lambda chunk: chunk.stamp):
        at = round((chunk.stamp - start) * rate / NANOSECONDS)
        # Within the jitter chunks are joined, since a sample's shift would click.
        if abs(at - cursor) <= AUDIO_TOLERANCE * rate:
            at = cursor
        part = chunk.samples[: max(len(samples) - at, 0)]
        samples[at : at + len(part)] = part
        cursor = at + len(part)
    return start, samples
