"""Parameters of the arm guard node."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.arm.trajectory import HOLD_TIME
from multigen_core.config.parameters import parameter


@dataclass(frozen=True)
class GuardParameters:
    """Node parameters."""

    arm_file: str = parameter("gen3", "Arm description: a shipped name or a YAML file")
    velocity_scale: float = parameter(
        0.5, "Allowed fraction of the joints' speed limits", 0.01, 1.0
    )
    max_joint_step: float = parameter(
        0.2,
        "Largest distance of a command's first point from the measured joints [rad]",
        0.001,
        1.0,
    )
    command_timeout: float = parameter(
        0.5, "Time without commands after which a tilted vessel is returned upright [s]", 0.1, 60.0
    )
    state_timeout: float = parameter(0.2, "Maximum age of joint states to act on [s]", 0.02, 5.0)
    hold_time: float = parameter(HOLD_TIME, "Time from now to the point of a hold [s]", 0.05, 2.0)
    upright_tolerance: float = parameter(
        0.05, "Tilt below which the vessel counts as upright [rad]", 0.01, 0.5
    )
