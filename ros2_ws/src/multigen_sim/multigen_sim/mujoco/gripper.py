"""The gripper's stroke: knuckle angle against the width between its pads (Robotiq 2F-85)."""

from multigen_core.world.scene import GRIPPER_STROKE

CLOSED = 0.8
"""Angle of the left knuckle when closed [rad]; 0 is open."""
PAD_HEIGHT = 0.011
"""Half height of the pads [m]."""


def knuckle_angle(width: float) -> float:
    """Left knuckle angle [rad] with the pads `width` [m] apart; the linkage is near linear."""
    return CLOSED * (1.0 - min(max(width / GRIPPER_STROKE, 0.0), 1.0))
