"""Pours recorded in bags, as arrays to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.contract import AUDIO, CAMERA_FRAME, IMAGE_COMPRESSED, JOINT_STATES
from multigen_core.errors import MultigenError
from multigen_core.messages.decoding import decode_picture
from multigen_core.station import Station, Told
from multigen_core.types import CameraFrame, CameraInfo, PourProgress, to_nanoseconds
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.episode import Episode
from multigen_policy.learned.demonstrations import POURING
from multigen_policy.learned.recorder import Recorder

RECORDED = "recorded"
"""Name of the sound in a bag."""
_PERIOD = to_nanoseconds(0.1)


def bag_pours(path: Path) -> list[dict[str, NDArray[Any]]]:
    """The arrays of every pour in a bag, as `Rows.arrays`, with the sound RECORDED.

    Raises:
        MultigenError: the bag is damaged, or lacks the truth to learn from.
    """
    episode = load_episode(path, pictures=True)
    scene = episode.scene
    if scene is None or not episode.liquid:
        raise MultigenError(
            f"bag {path}: tells no scene and liquid states to learn from; only simulated pours do"
        )
    arm = Arm.load(str(episode.metadata.get("arm", "gen3")))
    station = Station.of(scene, arm, Told.STATION)
    found = []
    for goal in episode.goals:
        steps = _pouring(episode, goal)
        if len(steps) < 10:
            continue
        recorder = Recorder(station, goal.target_volume, scene.target.vessel, (RECORDED,))
        info = CameraInfo(steps[0], CAMERA_FRAME, scene.camera.calibration)
        recorder.observer.add_camera(info)
        stamps = np.array([state.stamp for state in episode.liquid])
        events = _events(episode, steps[0] - to_nanoseconds(1.0), steps[-1])
        waiting = next(events, None)
        for now in steps:
            while waiting is not None and waiting[0] <= now:
                _take(recorder, waiting[1], waiting[2])
                waiting = next(events, None)
            newest = int(np.searchsorted(stamps, now, side="right")) - 1
            if newest >= 0:
                recorder.step(now, episode.liquid[newest])
        if len(recorder.rows):
            found.append(recorder.rows.arrays())
    return found


def _pouring(episode: Episode, goal: PourProgress) -> list[int]:
    """Times [ns], one every period, at which the pour of a goal was under way."""
    own = [p for p in episode.progress if p.stamp >= goal.stamp and p.stage == POURING]
    later = [g.stamp for g in episode.goals if g.stamp > goal.stamp]
    own = [p for p in own if not later or p.stamp < min(later)]
    if not own:
        return []
    return list(range(own[0].stamp, own[-1].stamp + 1, _PERIOD))


def _events(episode: Episode, start: int, end: int) -> Iterator[tuple[int, str, Any]]:
    """What the senses received from `start` to `end` [ns], in the order of its arrival."""
    received: list[tuple[int, str, Any]] = []
    for topic, items in (
        (AUDIO.name, episode.audio), (JOINT_STATES.name, episode.joints),
        (IMAGE_COMPRESSED.name, episode.pictures),
    ):  # fmt: skip
        times = [time for _, time in episode.stamps[topic]]
        received += [(time, topic, item) for time, item in zip(times, items, strict=True)]
    yield from sorted((e for e in received if start <= e[0] <= end), key=lambda e: e[0])


def _take(recorder: Recorder, topic: str, item: Any) -> None:
    if topic == AUDIO.name:
        recorder.add_audio(RECORDED, item)
    elif topic == JOINT_STATES.name:
        recorder.observer.add_joints(item)
    else:
        stamp, jpeg = item
        recorder.observer.add_image(
            CameraFrame(stamp, decode_picture(jpeg)[..., ::-1], CAMERA_FRAME)
        )
