"""The policy node's parameters."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.config.parameters import DEVICE, parameter
from multigen_core.station import Told


@dataclass(frozen=True)
class PolicyParameters:
    """Parameters of the policy node."""

    policy: str = parameter("default", "How to decide: an installed policy")
    checkpoint: str = parameter("", "Weights of a learned policy; empty: the shipped ones")
    device: str = parameter(
        "cpu", "Where a learned policy computes: cpu, cuda, cuda:1 …", pattern=DEVICE
    )
    arm_file: str = parameter("gen3", "Arm description: a shipped name or a YAML file")
    scene: str = parameter("default", "Station: held vessel, its content, the target's place")
    seed: int = parameter(0, "Seed of the scene's ranges", 0)
    told: str = parameter("target", "What the policy is told of the scene", choices=tuple(Told))
    rate: float = parameter(10.0, "Decisions per second", 1.0, 50.0)
    max_observation_age: float = parameter(0.5, "Oldest data to act on [s]", 0.05, 5.0)
    autostart: bool = parameter(True, "Configure and activate without being asked")
    target_ml: float = parameter(0.0, "Pour this much [ml] once active; 0: wait for a goal", 0.0)
    exit_after_pour: bool = parameter(False, "End the process after the first pour")
