"""An episode, recorded or just simulated, as what metrics and reports need."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from multigen_core.arm.trajectory import Trajectory
from multigen_core.bags import BagError, BagReader, MissingTopicError
from multigen_core.config.yaml_file import validate
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    CAMERA_INFO,
    DIAGNOSTICS,
    GOAL,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    PROGRESS,
    Topic,
)
from multigen_core.messages import MessageError, decode, stamp_of
from multigen_core.types import AudioChunk, JointState, LiquidState, PourProgress, PourState
from multigen_core.world.catalogue import name_of
from multigen_core.world.scene import Scene
from multigen_policy.evaluation.metrics import WATER, PourMetrics, listener_floor, pour_metrics
from multigen_policy.evaluation.smoothness import joint_smoothness
from multigen_policy.evaluation.stamps import (
    AudioHealth,
    StampHealth,
    Stamps,
    audio_health,
    stamp_health,
)

STREAMS = (
    IMAGE_COMPRESSED, CAMERA_INFO, AUDIO, JOINT_STATES, LIQUID_STATE, POUR_STATE, PROGRESS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """The worst a node reported, and its last figures."""

    level: int
    message: str
    values: dict[str, str]


@dataclass
class Episode:
    """One bag's or rollout's content; stamps and times [ns].

    `objections` are the guard's, where it ran in the same process.
    """

    path: Path
    metadata: dict[str, str]
    start: int
    end: int
    goals: list[PourProgress] = field(default_factory=list)
    progress: list[PourProgress] = field(default_factory=list)
    states: list[PourState] = field(default_factory=list)
    liquid: list[LiquidState] = field(default_factory=list)
    joints: list[JointState] = field(default_factory=list)
    commands: list[tuple[int, Trajectory]] = field(default_factory=list)
    audio: list[AudioChunk] = field(default_factory=list)
    pictures: list[tuple[int, bytes]] = field(default_factory=list)
    stamps: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    nodes: dict[str, NodeHealth] = field(default_factory=dict)
    real_time_factors: list[float] = field(default_factory=list)
    objections: list[tuple[int, str]] = field(default_factory=list)

    @cached_property
    def scene(self) -> Scene | None:
        """The scene as drawn, if the episode has kept it."""
        drawn = self.metadata.get("drawn_scene")
        return validate(Scene, json.loads(drawn), self.path) if drawn else None

    @property
    def simulated(self) -> bool:
        """Whether the world was a simulator's."""
        return bool(self.liquid) or self.metadata.get("sim") == "true"

    @property
    def real_time_factor(self) -> float:
        """Seconds of bag time per second of wall time, NaN if unknown."""
        if given := self.metadata.get("real_time_factor"):
            return float(given)
        if self.real_time_factors:
            return float(np.median(self.real_time_factors))
        return float("nan") if self.simulated else 1.0

    @cached_property
    def streams(self) -> list[StampHealth]:
        """The health of every stream with a rate."""
        found = []
        for topic in STREAMS:
            stamps, times = self._pairs(topic)
            # The camera's description comes with every picture, so it tells of pictures lost.
            reference = self._pairs(CAMERA_INFO)[0] if topic is IMAGE_COMPRESSED else stamps
            found.append(stamp_health(topic.name, stamps, times, topic.rate, reference))
        return found

    def _pairs(self, topic: Topic) -> tuple[Stamps, Stamps]:
        pairs = np.array(self.stamps[topic.name], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def sound(self) -> AudioHealth:
        """The continuity of the sound."""
        return audio_health(self.audio)

    def window(self, index: int) -> tuple[int, int]:
        """From a goal's stamp to the next goal's, or to the bag's end."""
        start = self.goals[index].stamp
        later = index + 1 < len(self.goals)
        newest = max((state.stamp for state in self.states), default=start)
        return start, self.goals[index + 1].stamp if later else max(self.end, newest)


def load_episode(path: Path, pictures: bool = False) -> Episode:
    """Read a bag; `pictures` keeps its jpegs.

    Raises:
        BagError: no bag, a damaged one, or one without a goal.
    """
    with BagReader(path) as bag:
        if not bag.count(GOAL):
            raise MissingTopicError(
                f"bag {path}: holds no {GOAL.name}, so nothing was to be poured: send a goal while "
                "recording, as with multigen pour --target-ml 150"
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
        for topic, time, message in bag.messages(*STREAMS, GOAL, ARM_COMMAND, DIAGNOSTICS):
            if topic in STREAMS:
                episode.stamps[topic.name].append((stamp_of(message.header.stamp), time))
            try:
                if topic.name in store:
                    store[topic.name].append(decode(topic.type, message))
                elif topic is ARM_COMMAND:
                    episode.commands.append((time, decode(topic.type, message)))
                elif topic is DIAGNOSTICS:
                    _add_diagnostics(episode, message)
                elif topic is IMAGE_COMPRESSED and pictures:
                    episode.pictures.append(_picture(message))
            except MessageError as error:
                raise BagError(f"bag {path}: {topic.name}: {error}") from error
    episode.goals = _distinct(episode.goals)
    return episode


def _picture(message: Any) -> tuple[int, bytes]:
    return stamp_of(message.header.stamp), message.data.tobytes()


def _distinct(goals: list[PourProgress]) -> list[PourProgress]:
    """Goals in order of time; a latched goal may be heard twice."""
    return sorted({goal.stamp: goal for goal in goals}.values(), key=lambda goal: goal.stamp)


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


def evaluate(episode: Episode, density: float = WATER) -> list[dict[str, Any]]:
    """One result per pour of an episode, as plain values for tables and JSON.

    Raises:
        BagError: a goal has no volume.
    """
    results = []
    for index, goal in enumerate(episode.goals):
        start, end = episode.window(index)
        try:
            pour = pour_metrics(goal, episode.progress, episode.states, end, density)
        except ValueError as error:
            raise BagError(f"bag {episode.path}: goal {index + 1}: {error}") from error
        results.append(_result(episode, index, pour, start, end))
    return results


def _result(
    episode: Episode, index: int, pour: PourMetrics, start: int, end: int
) -> dict[str, Any]:
    until = min(end, start + round(pour.duration * 1e9))
    joints = [state for state in episode.joints if start <= state.stamp <= until]
    smoothness = float("nan")
    if joints and len({state.names for state in joints}) == 1:
        times = np.array([state.stamp - start for state in joints]) / 1e9
        smoothness = joint_smoothness(times, np.array([state.velocities for state in joints]))
    liquid = [state for state in episode.liquid if start <= state.stamp <= end]
    source, target, drink = _names(episode, liquid)
    cameras = next(s for s in episode.streams if s.topic == IMAGE_COMPRESSED.name)
    scene = episode.scene
    return {
        "bag": str(episode.path),
        "pour": index + 1,
        **asdict(pour),
        "smoothness": smoothness,
        "listener_floor_ml": listener_floor(liquid, pour.target_ml / 1e6) * 1e6,
        "simulated": episode.simulated,
        "real_time_factor": episode.real_time_factor,
        "audio_gaps": episode.sound.gaps,
        "audio_missing_s": episode.sound.missing,
        "frames_lost": cameras.lost,
        "camera_rate": cameras.rate,
        "source_vessel": source,
        "target_vessel": target,
        "liquid": drink,
        "source_ml": scene.source.volume_ml if scene else float("nan"),
        "opaque": scene.target.vessel.opaque if scene else None,
        "held_out": scene.target.vessel.held_out if scene else None,
        "refused_commands": len(episode.objections),
        "scene": episode.metadata.get("scene", ""),
        "seed": episode.metadata.get("seed", ""),
        "policy": episode.metadata.get("policy", ""),
        "told": episode.metadata.get("told", ""),
        "synthesizer": episode.metadata.get("synthesizer", ""),
    }


def _names(episode: Episode, liquid: Sequence[LiquidState]) -> tuple[str, str, str]:
    """Names of source, target and liquid; empty where the episode does not tell."""
    if episode.scene is not None:
        scene = episode.scene
        return scene.source.vessel.name, scene.target.vessel.name, scene.liquid.name
    if not liquid:
        return "", "", ""
    first = liquid[0]
    return (
        name_of(first.source_vessel),
        name_of(first.target_vessel),
        name_of(first.liquid),
    )
