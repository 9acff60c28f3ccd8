"""An offline episode as a bag, with the topics that the live recorder would write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from multigen_core.bags import BagWriter
from multigen_core.bags.substitution import Entry
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    AUDIO_INFO,
    AUDIO_VIEW,
    CAMERA_FRAME,
    CAMERA_INFO,
    CHUNK,
    ESTIMATE,
    GOAL,
    GUARD_COMMAND,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    MICROPHONE_FRAME,
    POUR_STATE,
    PROGRESS,
    SAMPLE_RATE,
)
from multigen_core.rollout.offline import Tick
from multigen_core.streams.chunks import Rechunker
from multigen_core.types import AudioChunk, AudioInfo, CameraInfo, PourProgress, to_seconds
from multigen_policy.rollouts.closed_loop import OfflinePour

TOPICS = (
    IMAGE_COMPRESSED, CAMERA_INFO, AUDIO, AUDIO_INFO, JOINT_STATES, GUARD_COMMAND, ARM_COMMAND,
    LIQUID_STATE, POUR_STATE, GOAL, PROGRESS, ESTIMATE,
)  # fmt: skip


def write_episode(
    path: Path, pour: OfflinePour, metadata: Mapping[str, object], hearing: bool = False
) -> float:
    """Write a bag as the pour runs; return the time simulated [s].

    Bag times are those at which a live graph would have had the data: the end of each sound chunk.

    Args:
        path: the bag's folder, which must not exist.
        pour: not started.
        metadata: of the bag.
        hearing: whether to keep the frames of the cut-away view, which a live bag lacks.

    Raises:
        BagError: the folder exists or cannot be written.
        MultigenError: the pour fails; no bag remains.
    """
    topics = (*TOPICS, AUDIO_VIEW) if hearing else TOPICS
    rechunker = Rechunker(CHUNK, SAMPLE_RATE)
    calibration = pour.scene.camera.calibration
    start, now = None, 0
    with BagWriter(path, topics, metadata) as bag:
        for tick in pour.ticks:
            now = tick.now
            if start is None:
                start = now
                bag.write(AUDIO_INFO, AudioInfo(start), start)
                bag.write(GOAL, PourProgress(start, "accepted", pour.volume), start)
            entries = [*_world(tick, hearing), *_sound(tick, rechunker), *_decided(tick)]
            if tick.image is not None:
                info = CameraInfo(now, CAMERA_FRAME, calibration)
                entries += [(IMAGE_COMPRESSED, tick.image, now), (CAMERA_INFO, info, now)]
            for topic, item, stamp in sorted(entries, key=lambda entry: entry[2]):
                bag.write(topic, item, stamp)
    return to_seconds(now - (start or 0))


def _world(tick: Tick, hearing: bool) -> Iterator[Entry]:
    yield from ((JOINT_STATES, state, state.stamp) for state in tick.joints)
    yield from ((LIQUID_STATE, state, state.stamp) for state in tick.liquids)
    yield POUR_STATE, tick.world.pour, tick.world.pour.stamp
    if hearing and tick.hearing is not None:
        yield AUDIO_VIEW, tick.hearing, tick.hearing.stamp


def _sound(tick: Tick, rechunker: Rechunker) -> Iterator[Entry]:
    for whole in tick.sound:
        for chunk in rechunker.push(whole):
            given = AudioChunk(chunk.stamp, chunk.samples, chunk.sample_rate, MICROPHONE_FRAME)
            yield AUDIO, given, chunk.end


def _decided(tick: Tick) -> Iterator[Entry]:
    if tick.forwarded is not None:
        yield ARM_COMMAND, tick.forwarded, tick.now
    if tick.step is not None:
        if tick.step.trajectory is not None:
            yield GUARD_COMMAND, tick.step.trajectory, tick.now
        yield PROGRESS, tick.step.progress, tick.now
        yield ESTIMATE, tick.step.estimate, tick.now
