"""What the software must know of an arm, and how arms move."""

from multigen_core.arm.description import (
    Arm,
    Gripper,
    Joint,
    JointNameError,
    joint_indices,
    select_joints,
)

__all__ = ["Arm", "Gripper", "Joint", "JointNameError", "joint_indices", "select_joints"]
