"""The protocol of policies: goal and observations in, decisions out.

A package registers a policy in the entry-point group `multigen.policies` with a function that takes
a `PolicyConfig` and returns the policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, cast

from multigen_core.arm.trajectory import Trajectory
from multigen_core.plugins import load_plugin, plugin_names
from multigen_core.station import Station
from multigen_core.types import (
    AudioChunk,
    CameraCalibration,
    CameraFrame,
    JointState,
    Outcome,
)

GROUP = "multigen.policies"
DEFAULT = "acoustic"


class Sense(Enum):
    """Inputs of a policy in addition to the joints."""

    IMAGE = "image"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class PourGoal:
    """Pour `target_volume` [m^3]."""

    target_volume: float


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """Inputs at `stamp`, the newest time that all live senses cover, observed at `now` [ns].

    Senses have different latencies: plans start from `now`, while the data are from `stamp`.
    `audio` is the sound since the last observation, as segments without gaps; the first of a pour
    looks back by up to a second. `alive` holds the senses with fresh data; the field of a dead
    sense is empty.
    """

    stamp: int
    now: int
    joints: JointState
    image: CameraFrame | None = None
    camera: CameraCalibration | None = None
    audio: tuple[AudioChunk, ...] = ()
    alive: frozenset[Sense] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The policy's next action.

    `trajectory` starts when received (stamp 0); None continues the last one. A pour ends with an
    outcome other than RUNNING, once the vessel is back upright. `estimated_volume_error` [m^3] is
    the standard deviation of `estimated_volume` in the policy's own view; `resonance` [Hz] is the
    target's air column as it hears it, with its error [cents]. NaN: it has no estimate.
    """

    trajectory: Trajectory | None
    stage: str
    estimated_volume: float = float("nan")
    outcome: Outcome = Outcome.RUNNING
    reason: str = ""
    estimated_volume_error: float = float("nan")
    resonance: float = float("nan")
    resonance_error: float = float("nan")


class Policy(Protocol):
    """Decides from observations; one instance serves one arm for many pours.

    The caller returns the vessel upright when a pour ends early.
    """

    senses: frozenset[Sense]
    """The senses it uses; it must handle any of them being dead."""

    def reset(self, goal: PourGoal) -> None:
        """Start a pour.

        Raises:
            MultigenError: the goal is impossible; the message says why.
        """

    def act(self, observation: Observation) -> Decision:
        """The next decision from an observation.

        Raises:
            MultigenError: the pour cannot continue; the message says why.
        """


@dataclass(frozen=True)
class PolicyConfig:
    """Configuration of a policy.

    `policy` is a name, '' or 'default' for DEFAULT; `checkpoint` a path and `device` (cpu, cuda,
    cuda:1 …) apply to policies with weights or settings.
    """

    station: Station
    policy: str = DEFAULT
    checkpoint: str = ""
    device: str = "cpu"


def policy_names() -> list[str]:
    """Installed policies, the default first."""
    return plugin_names(GROUP, DEFAULT)


def make_policy(config: PolicyConfig) -> Policy:
    """The configured policy.

    Raises:
        MultigenError: the name is unknown, the checkpoint does not fit, or the station does not
            allow or provide what the policy needs.
    """
    name = config.policy if config.policy not in ("", "default") else DEFAULT
    return cast(Policy, load_plugin(GROUP, "policy", name)(config))
