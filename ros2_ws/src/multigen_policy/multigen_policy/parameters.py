"""The policy node's parameters."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.config.parameters import DEVICE, parameter
from multigen_core.station import Told


@dataclass(frozen=True)
class PolicyParameters:
    """Parameters of the policy node."""

    policy: str = parameter("default", "Installed policy to run")
    checkpoint: str = parameter("", "Weights or settings of the policy; empty: the shipped ones")
    device: str = parameter(
        "cpu", "Device of a learned policy: cpu, cuda, cuda:1 …", pattern=DEVICE
    )
    arm_file: str = parameter("gen3", "Arm description: a shipped name or a YAML file")
    scene: str = parameter(
        "default",
        "Station: held vessel, its content, target position; a shipped name or a YAML file",
    )
    seed: int = parameter(0, "Seed that samples the scene's distributions", 0)
    told: str = parameter("target", "What the policy is told about the scene", choices=tuple(Told))
    rate: float = parameter(10.0, "Decisions per second", 1.0, 50.0)
    max_observation_age: float = parameter(0.5, "Maximum age of data to act on [s]", 0.05, 5.0)
    autostart: bool = parameter(True, "Configure and activate at startup")
    target_ml: float = parameter(0.0, "Volume to pour once active [ml]; 0: wait for a goal", 0.0)
    exit_after_pour: bool = parameter(False, "Exit after the first pour")
