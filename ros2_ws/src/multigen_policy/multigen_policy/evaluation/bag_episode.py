"""Episodes from bags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from multigen_core.bags import BagError, BagReader, MissingTopicError
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    DIAGNOSTICS,
    GOAL,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    PROGRESS,
)
from multigen_core.messages import stamp_of
from multigen_core.types import PourProgress
from multigen_policy.evaluation.episode import STREAMS, Episode, NodeHealth


def load_episode(path: Path, pictures: bool = False) -> Episode:
    """Read a bag; `pictures` keeps its JPEGs.

    Raises:
        BagError: no bag, a damaged one, or one without a goal.
    """
    with BagReader(path) as bag:
        if not bag.count(GOAL):
            raise MissingTopicError(
                f"bag {path}: no {GOAL.name}, so there was nothing to pour: send a goal while "
                "recording, for example with multigen pour --target-ml 150"
            )
        episode = Episode(path, bag.metadata, bag.start, bag.end)
        store: dict[str, list[Any]] = {
            GOAL.name: episode.goals,
            PROGRESS.name: episode.progress,
            POUR_STATE.name: episode.states,
            LIQUID_STATE.name: episode.liquid,
            JOINT_STATES.name: episode.joints,
            AUDIO.name: episode.audio,
        }
        told = [topic for topic in STREAMS if topic is not IMAGE_COMPRESSED]
        for topic, _, time, item in bag.records(*told, GOAL, ARM_COMMAND, DIAGNOSTICS):
            if topic in STREAMS:
                episode.stamps[topic.name].append((item.stamp, time))
            if topic.name in store:
                store[topic.name].append(item)
            elif topic is ARM_COMMAND:
                episode.commands.append((time, item))
            elif topic is DIAGNOSTICS:
                _add_diagnostics(episode, item)
        for _, time, message in bag.messages(IMAGE_COMPRESSED):
            stamp = stamp_of(message.header.stamp)
            episode.stamps[IMAGE_COMPRESSED.name].append((stamp, time))
            if pictures:
                episode.pictures.append((stamp, message.data.tobytes()))
    if not episode.goals:
        raise BagError(f"bag {path}: holds no {GOAL.name} that can be read")
    episode.goals = _distinct(episode.goals, episode.start)
    _check_notes(episode)
    return episode


def _check_notes(episode: Episode) -> None:
    """Hold what was noted of the episode against what is read out of it later."""
    try:
        _ = episode.scene, episode.real_time_factor
    except ValueError as error:
        raise BagError(f"bag {episode.path}: its custom data cannot be read: {error}") from error


def _distinct(goals: list[PourProgress], start: int) -> list[PourProgress]:
    """Goals in order of time; a latched goal may be received twice.

    One from before the bag's `start` [ns] counts only if it is the last: otherwise the pour it
    began was over, and the goal was received only because it is latched.
    """
    ordered = sorted({goal.stamp: goal for goal in goals}.values(), key=lambda goal: goal.stamp)
    return [goal for goal in ordered[:-1] if goal.stamp >= start] + ordered[-1:]


def _add_diagnostics(episode: Episode, message: Any) -> None:
    for status in message.status:
        values = {entry.key: entry.value for entry in status.values}
        before = episode.nodes.get(status.name)
        level = int(status.level)
        if before and before.level > level:
            episode.nodes[status.name] = NodeHealth(before.level, before.message, values)
        else:
            episode.nodes[status.name] = NodeHealth(level, status.message, values)
        try:
            episode.real_time_factors.append(float(values["real_time_factor"]))
        except (KeyError, ValueError):
            continue
