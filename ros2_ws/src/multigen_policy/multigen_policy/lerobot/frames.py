"""A recorded pour as frames on a regular grid of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import select_joints
from multigen_core.arm.trajectory import TrajectoryError, TrajectoryFollower
from multigen_core.bags import MissingTopicError
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    PROGRESS,
    SAMPLE_RATE,
)
from multigen_core.errors import MultigenError
from multigen_core.messages.decoding import decode_picture
from multigen_core.types import NANOSECONDS, Outcome, PourProgress, to_seconds
from multigen_policy.evaluation.episode import Episode
from multigen_policy.lerobot.sound import SoundWindows

RATES = (10, 20, 25, 50)
"""Frames per second that give every frame the same whole number of samples."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PourFrames:
    """One pour, N frames: `joints`, in whose order the J columns of the arrays are.

    `stamps` (N,) int64 [ns]; `positions`, `velocities` and `actions` (N, J) [rad], [rad/s];
    `sound` (N, 16000 / fps), each the sound that ends at its frame; `jpegs` the picture of each
    frame, the oldest `picture_age` [s] before it. `missing` samples of the sound are not in the
    bag, and 0.
    """

    bag: str
    robot: str
    task: str
    outcome: Outcome
    joints: tuple[str, ...]
    stamps: NDArray[np.int64]
    positions: Floats
    velocities: Floats
    actions: Floats
    sound: Floats
    missing: int
    jpegs: list[bytes]
    picture_age: float

    def __len__(self) -> int:
        return len(self.stamps)

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """The picture of each frame, BGR (H, W, 3).

        Raises:
            MultigenError: one cannot be decoded.
        """
        shown, picture = b"", np.zeros((0, 0, 3), np.uint8)
        for jpeg in self.jpegs:
            if jpeg is not shown:
                shown, picture = jpeg, decode_picture(jpeg)
            yield picture


def pours(episode: Episode, fps: int) -> Iterator[PourFrames]:
    """Every pour of a bag that has ended, from its goal to its outcome, at `fps`.

    Raises:
        MultigenError: the bag lacks what a frame consists of.
    """
    if fps not in RATES:
        choices = ", ".join(map(str, RATES))
        raise MultigenError(
            f"{fps} frames per second: give one of {choices}, so that every frame has the same "
            "number of samples"
        )
    for topic, items in (
        (IMAGE_COMPRESSED, episode.pictures), (JOINT_STATES, episode.joints),
        (AUDIO, episode.audio), (ARM_COMMAND, episode.commands), (PROGRESS, episode.progress),
    ):  # fmt: skip
        if not items:
            raise MissingTopicError(
                f"bag {episode.path}: no {topic.name}, which every frame of a LeRobot dataset needs"
            )
    for index in range(len(episode.goals)):
        start, end = episode.window(index)
        own = (p for p in episode.progress if start < p.stamp <= end)
        ended = next((p for p in own if p.outcome is not Outcome.RUNNING), None)
        if ended is not None:
            yield _frames(episode, episode.goals[index], ended, fps)


def _frames(episode: Episode, goal: PourProgress, ended: PourProgress, fps: int) -> PourFrames:
    pictures = sorted(episode.pictures, key=lambda picture: picture[0])
    joints = sorted(episode.joints, key=lambda state: state.stamp)
    seen = np.array([stamp for stamp, _ in pictures])
    felt = np.array([state.stamp for state in joints])
    start = max(goal.stamp, int(seen[0]), int(felt[0]))
    period = NANOSECONDS // fps
    stamps = np.arange(start, ended.stamp + 1, period, dtype=np.int64)
    if not len(stamps):
        raise MultigenError(
            f"bag {episode.path}: the pour that ends {to_seconds(ended.stamp - episode.start):.1f} "
            "s after its start has no pictures and joint states; leave this bag out"
        )
    names = episode.commands[0][1].names
    shown = np.searchsorted(seen, stamps, side="right") - 1
    held = np.searchsorted(felt, stamps, side="right") - 1
    states = [select_joints(joints[index], names) for index in held]
    positions = np.array([state.positions for state in states], np.float32)
    velocities = np.array([state.velocities for state in states], np.float32)
    if np.isnan(velocities).any():  # the arm does not tell them
        velocities = np.diff(positions, axis=0, prepend=positions[:1]) * np.float32(fps)
    windows = SoundWindows(episode.audio, SAMPLE_RATE // fps)
    sound = np.stack([windows.until(int(stamp)) for stamp in stamps])
    return PourFrames(
        episode.path.name,
        str(episode.metadata.get("arm", "gen3")),
        f"pour {round(goal.target_volume * 1e6)} ml",
        ended.outcome,
        names,
        stamps,
        positions,
        velocities,
        _commanded(episode, stamps, period),
        sound,
        windows.missing,
        [pictures[index][1] for index in shown],
        to_seconds(int((stamps - seen[shown]).max())),
    )


def _commanded(episode: Episode, stamps: NDArray[np.int64], period: int) -> Floats:
    """Where the trajectory in force at each stamp takes the joints within a period, (N, J) [rad].

    At the stamp itself it is where the arm already is, from which there is nothing to learn.
    """
    first = episode.commands[0][1].names
    follower = TrajectoryFollower(first, select_joints(episode.joints[0], first).positions)
    waiting = iter(episode.commands)
    following = next(waiting, None)
    actions = []
    for stamp in stamps:
        while following is not None and following[0] <= stamp:
            received, trajectory = following
            with suppress(TrajectoryError):  # the controller, too, refuses it and keeps the old one
                follower.accept(trajectory, received)
            following = next(waiting, None)
        actions.append(follower.sample(int(stamp) + period)[0])
    return np.array(actions, np.float32)
