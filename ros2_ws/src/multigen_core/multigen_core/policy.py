"""The protocol every policy fills: what it sees and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm.trajectory import Trajectory
from multigen_core.types import (
    AudioChunk,
    CameraCalibration,
    CameraFrame,
    JointState,
    Outcome,
)


class Sense(Enum):
    """What a policy can perceive beside the joints."""

    IMAGE = "image"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class PourGoal:
    """Pour `target_volume` [m^3]; `vessel` names the receiving vessel if it is known."""

    target_volume: float
    vessel: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What is known at `now` of the moment `stamp`, the newest that all live senses reach [ns].

    Senses lag, and not evenly: plans go on from `now`, what is perceived belongs to `stamp`.
    `audio` ends at `stamp` and is as long as the policy's `audio_window`, or shorter at the start.
    `alive` holds the senses whose data are fresh; a dead sense's field is None.
    """

    stamp: int
    now: int
    joints: JointState
    image: CameraFrame | None = None
    camera: CameraCalibration | None = None
    audio: AudioChunk | None = None
    alive: frozenset[Sense] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What the policy wants next.

    `trajectory` starts when received (stamp 0); None lets the last one go on. A pour ends with an
    outcome other than RUNNING, once the arm is back upright.
    """

    trajectory: Trajectory | None
    stage: str
    estimated_volume: float = float("nan")
    outcome: Outcome = Outcome.RUNNING
    reason: str = ""


class Policy(Protocol):
    """Decides from observations; one instance serves one arm, pour after pour."""

    senses: frozenset[Sense]
    """The senses it uses; it must cope with any of them dead."""
    audio_window: float
    """Seconds of sound it wants in each observation."""
    joint_names: tuple[str, ...]

    def reset(self, goal: PourGoal) -> None:
        """Begin a pour.

        Raises:
            MultigenError: the goal cannot be met, and why.
        """

    def act(self, observation: Observation) -> Decision:
        """The next trajectory from an observation."""

    def retreat(self, positions: NDArray[np.float64]) -> Trajectory:
        """From measured positions (J,) [rad] back to upright, within the arm's limits."""

    def upright(self, positions: NDArray[np.float64]) -> bool:
        """Whether the held vessel stands upright at measured positions (J,) [rad]."""
