"""The sound of a recorded pour, made afterwards and put beside its pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from multigen_audio.stream import SoundStream
from multigen_core.bags import BagError, BagReader, MissingTopicError, substitute
from multigen_core.contract import (
    AUDIO,
    AUDIO_INFO,
    AUDIO_VIEW,
    CHUNK,
    IMAGE,
    IMAGE_COMPRESSED,
    LIQUID_STATE,
    MICROPHONE_FRAME,
    Topic,
)
from multigen_core.synthesizer import Source, Synthesizer
from multigen_core.types import (
    AudioChunk,
    AudioInfo,
    CameraFrame,
    LiquidState,
    to_nanoseconds,
    to_seconds,
)


@dataclass(frozen=True)
class Added:
    """What was made: seconds of sound, and inputs it could not be made from."""

    seconds: float
    topic: str
    """What it was made from."""
    late: int
    gaps: int
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
        source: bag that holds what the synthesizer listens to; it is not changed.
        target: folder of the copy, not there yet.
        synthesizer: at the contract's sample rate.
        metadata: of the sound, for the bag.
        view: what a synthesizer of pictures sees: `cutaway` or `public`.
        progress: is told how many messages have been copied.

    Raises:
        BagError: the bag lacks what is needed, is damaged, or the target cannot be written.
        MultigenError: the synthesizer cannot use an input.
    """
    if target.exists():
        raise BagError(f"bag {target}: exists already and is never overwritten; name another")
    with BagReader(source) as bag:
        topic = _heard_topic(bag, synthesizer.source, view)
        rate = min(topic.rate, bag.count(topic) / max(to_seconds(bag.end - bag.start), 1e-3))
        stream = SoundStream(synthesizer, CHUNK, rate)
        chunks = list(_sound(bag, topic, stream, rate, synthesizer.latency))
        if not chunks:
            raise BagError(f"bag {source}: {bag.name_of(topic)} is too short for any sound")
        first = max(chunks[0].stamp, bag.start)
        entries = [
            (AUDIO_INFO, AudioInfo(first), first),
            *((AUDIO, chunk, chunk.end) for chunk in chunks),
        ]
        replaced = bag.count(AUDIO) > 0
        substitute(bag, target, (AUDIO, AUDIO_INFO), entries, metadata, progress)
        seconds = sum(to_seconds(chunk.end - chunk.stamp) for chunk in chunks)
        return Added(seconds, bag.name_of(topic), stream.late, stream.gaps, replaced)


def _heard_topic(bag: BagReader, source: Source, view: str) -> Topic:
    if source is Source.LIQUID_STATE:
        wanted: tuple[Topic, ...] = (LIQUID_STATE,)
        way_out = "only simulated bags hold it"
    elif view == "public":
        wanted = (IMAGE_COMPRESSED, IMAGE)
        way_out = "record the camera"
    else:
        wanted = (AUDIO_VIEW,)
        way_out = (
            "recorders keep the hearing view only with hearing_view:=true, `multigen generate` "
            "with --hearing-view; or make sound from the camera with --audio-view public"
        )
    found = next((topic for topic in wanted if bag.count(topic)), None)
    if found is None:
        raise MissingTopicError(f"bag {bag.path}: holds no {wanted[0].name}: {way_out}")
    return found


def _sound(
    bag: BagReader, topic: Topic, stream: SoundStream, rate: float, latency: float
) -> Iterator[AudioChunk]:
    """Chunks up to the last input.

    A synthesizer lags behind its inputs: the last one is held until everything before it sounds.
    """
    last: CameraFrame | LiquidState | None = None
    for record in bag.records(topic):
        if last is None or record.item.stamp > last.stamp:
            last = record.item
        stream.push(record.item)
        yield from map(_named, stream.pull())
    if last is None:
        return
    period = to_nanoseconds(1.0 / rate)
    for index in range(1, int(latency * rate) + 2):
        stream.push(replace(last, stamp=last.stamp + index * period))
        yield from (_named(c) for c in stream.pull() if c.end <= last.stamp)


def _named(chunk: AudioChunk) -> AudioChunk:
    return replace(chunk, frame_id=MICROPHONE_FRAME)
