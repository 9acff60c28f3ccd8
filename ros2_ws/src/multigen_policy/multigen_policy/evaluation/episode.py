"""An episode, recorded or simulated, as metrics and reports use it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from multigen_core.arm.trajectory import Trajectory
from multigen_core.config.yaml_file import validate
from multigen_core.contract import (
    AUDIO,
    CAMERA_INFO,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    PROGRESS,
    Topic,
)
from multigen_core.types import AudioChunk, JointState, LiquidState, PourProgress, PourState
from multigen_core.world.scene import Scene
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
    """The worst level a node reported, and its last values."""

    level: int
    message: str
    values: dict[str, str]


@dataclass
class Episode:
    """One bag's or rollout's content; stamps and times [ns].

    `objections` are the guard's and `estimate_errors` [m^3] the standard deviations of the volumes
    in `progress`, where guard and policy ran in the same process.
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
    estimate_errors: list[tuple[int, float]] = field(default_factory=list)

    @cached_property
    def scene(self) -> Scene | None:
        """The scene as drawn, if the episode has it."""
        drawn = self.metadata.get("drawn_scene")
        return validate(Scene, json.loads(drawn), self.path) if drawn else None

    @property
    def simulated(self) -> bool:
        """Whether the episode is simulated."""
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
            # camera_info comes with every image, so its stamps reveal lost images.
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
