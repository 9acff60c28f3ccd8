"""The protocol every policy fills: what it is told, what it sees and what it answers.

A package registers a policy in the entry-point group `multigen.policies` with a function that makes
one from a `PolicyConfig`.
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
    """What a policy can perceive beside the joints."""

    IMAGE = "image"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class PourGoal:
    """Pour `target_volume` [m^3]."""

    target_volume: float


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What is known at `now` of the moment `stamp`, the newest that all live senses reach [ns].

    Senses lag, and not evenly: plans go on from `now`, what is perceived belongs to `stamp`.
    `audio` is the sound since the last observation, in pieces without gaps; the first of a pour
    looks back by up to a second. `alive` holds the senses whose data are fresh; a dead sense's
    field is empty.
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
    """Decides from observations; one instance serves one arm, pour after pour.

    Whoever drives it brings the vessel upright when a pour ends early.
    """

    senses: frozenset[Sense]
    """The senses it uses; it must cope with any of them dead."""

    def reset(self, goal: PourGoal) -> None:
        """Begin a pour.

        Raises:
            MultigenError: the goal cannot be met, and why.
        """

    def act(self, observation: Observation) -> Decision:
        """The next trajectory from an observation.

        Raises:
            MultigenError: the pour cannot go on, and why.
        """


@dataclass(frozen=True)
class PolicyConfig:
    """What a policy is made from.

    `policy` is a name, '' or 'default' for DEFAULT; `checkpoint` a path and `device` where it runs
    (cpu, cuda, cuda:1 …), for those that have weights or settings.
    """

    station: Station
    policy: str = DEFAULT
    checkpoint: str = ""
    device: str = "cpu"


def policy_names() -> list[str]:
    """What is installed, the default first."""
    return plugin_names(GROUP, DEFAULT)


def make_policy(config: PolicyConfig) -> Policy:
    """The configured policy.

    Raises:
        MultigenError: there is none of that name, its checkpoint does not fit, or the station does
            not allow or tell what it needs.
    """
    name = config.policy if config.policy not in ("", "default") else DEFAULT
    return cast(Policy, load_plugin(GROUP, "policy", name)(config))
