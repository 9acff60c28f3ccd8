"""What may be set of the guard."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_core.arm.trajectory import HOLD_TIME


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """Angles [rad], times [s].

    In simulation (`simulated`) a watchdog trips only when both ROS time and steady time have passed
    its limit, so that a paused or slow world trips none; otherwise steady time alone decides.
    """

    velocity_scale: float = 0.5
    max_joint_step: float = 0.2
    command_timeout: float = 0.5
    state_timeout: float = 0.2
    hold_time: float = HOLD_TIME
    upright_tolerance: float = 0.05
    simulated: bool = False
