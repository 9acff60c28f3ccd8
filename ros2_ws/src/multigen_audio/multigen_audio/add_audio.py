"""Generates sound for a recorded pour and adds it to a copy of the bag."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from multigen_audio.stream import SoundStream
from multigen_core.bags import BagError, BagReader, MissingTopicError, Record, substitute
from multigen_core.bags.substitution import Entry
from multigen_core.contract import (
    AUDIO,
    AUDIO_INFO,
    AUDIO_VIEW,
    CHUNK,
    IMAGE,
    IMAGE_COMPRESSED,
    LIQUID_STATE,
    MICROPHONE_FRAME,
    SAMPLE_RATE,
    Topic,
)
from multigen_core.streams.runs import BACK, FORWARD
from multigen_core.synthesizer import Source, Synthesizer
from multigen_core.types import AudioChunk, AudioInfo, to_nanoseconds, to_seconds


@dataclass(frozen=True)
class Added:
    """Result: seconds of sound, and unusable inputs.

    Synthesis restarts at `gaps` in the inputs and `rewinds` of their clock.
    """

    seconds: float
    topic: str
    """Topic of the inputs."""
    late: int
    gaps: int
    rewinds: int
    replaced: bool
    """Whether the bag had sound before."""


def add_audio(
    source: Path,
    target: Path,
    synthesizer: Synthesizer,
    metadata: dict[str, object],
    view: str = "cutaway",
    progress: Callable[[int], None] = lambda done: None,
) -> Added:
    """Copy the bag `source` to `target` with the synthesizer's sound as its audio.

    Args:
        source: bag with the synthesizer's inputs; it is not changed.
        target: folder of the copy, which must not exist.
        synthesizer: at the contract's sample rate.
        metadata: of the sound, for the bag.
        view: images for a synthesizer that needs them: `cutaway` or `public`.
        progress: receives the number of messages copied.

    Raises:
        BagError: the bag lacks what is needed, is damaged, or the target cannot be written.
        MultigenError: the synthesizer cannot use an input.
    """
    if target.exists():
        raise BagError(f"bag {target}: already exists; choose another name")
    with BagReader(source) as bag:
        topic = _heard_topic(bag, synthesizer.source, view)
        rate = _rate(bag, topic)
        stream = SoundStream(synthesizer, CHUNK, rate)
        entries = _sound(bag, topic, stream, rate, synthesizer.latency)
        opening = next(entries, None)
        if opening is None:
            raise BagError(f"bag {source}: {bag.name_of(topic)} is too short for any sound")
        samples = 0

        def counted() -> Iterator[Entry]:
            nonlocal samples
            first = min(max(opening[1].stamp, bag.start), opening[2])
            yield AUDIO_INFO, AudioInfo(first), first
            for entry in chain([opening], entries):
                samples += len(entry[1].samples)
                yield entry

        replaced = bag.count(AUDIO) > 0
        substitute(bag, target, (AUDIO, AUDIO_INFO), counted(), metadata, progress)
        name = bag.name_of(topic)
        seconds = samples / SAMPLE_RATE
        return Added(seconds, name, stream.late, stream.gaps, stream.rewinds, replaced)


def _rate(bag: BagReader, topic: Topic) -> float:
    """Rate of a topic in the bag [Hz], robust to clock changes, at most the contract's."""
    steps = np.diff(np.array([time for _, time, _ in bag.raw(topic)], np.int64))
    steps = steps[steps <= FORWARD]
    period = max(to_seconds(int(steps.mean())), 1e-3) if len(steps) else 0.0
    return min(topic.rate, 1.0 / period) if period else topic.rate


def _heard_topic(bag: BagReader, source: Source, view: str) -> Topic:
    if source is Source.LIQUID_STATE:
        wanted: tuple[Topic, ...] = (LIQUID_STATE,)
        way_out = "only simulated bags have it"
    elif view == "public":
        wanted = (IMAGE_COMPRESSED, IMAGE)
        way_out = "record the camera"
    else:
        wanted = (AUDIO_VIEW,)
        way_out = (
            "record it with hearing_view:=true, or run `multigen generate "
            "--hearing-view`; or use the camera with --audio-view public"
        )
    found = next((topic for topic in wanted if bag.count(topic)), None)
    if found is None:
        raise MissingTopicError(f"bag {bag.path}: no {wanted[0].name}: {way_out}")
    return found


def _sound(
    bag: BagReader, topic: Topic, stream: SoundStream, rate: float, latency: float
) -> Iterator[Entry]:
    """Chunks up to the last input.

    A synthesizer lags behind its inputs, so the last input is held until all sound is generated.
    """
    last: Record | None = None
    for record in bag.records(topic):
        if last is None or not -BACK < record.item.stamp - last.item.stamp <= 0:
            last = record
        stream.push(record.item)
        yield from (_entry(chunk, record.time) for chunk in stream.pull())
    if last is None:
        return
    end, period = last.item.stamp, to_nanoseconds(1.0 / rate)
    for index in range(1, int(latency * rate) + 2):
        stream.push(replace(last.item, stamp=end + index * period))
        yield from (_entry(chunk, last.time) for chunk in stream.pull() if chunk.end <= end)


def _entry(chunk: AudioChunk, now: int) -> Entry:
    """A chunk at its end in the bag, or at the bag time `now` [ns] if its stamps are of no use."""
    time = chunk.end if abs(chunk.end - now) <= FORWARD else now
    return AUDIO, replace(chunk, frame_id=MICROPHONE_FRAME), time
