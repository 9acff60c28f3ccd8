"""Arm description, kinematics and trajectories."""

from multigen_core.arm.description import (
    Arm,
    Gripper,
    Joint,
    JointNameError,
    joint_indices,
    select_joints,
)

__all__ = ["Arm", "Gripper", "Joint", "JointNameError", "joint_indices", "select_joints"]
