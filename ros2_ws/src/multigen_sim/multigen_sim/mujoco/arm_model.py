"""The arm and its gripper as MuJoCo bodies: exact kinematics, published inertias, simple shapes."""

from __future__ import annotations

from itertools import pairwise

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_sim.mujoco.arm_dynamics import ArmDynamics, Body

TOOL_SITE = "tool"
_CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE
_CYLINDER = mujoco.mjtGeom.mjGEOM_CYLINDER
_BOX = mujoco.mjtGeom.mjGEOM_BOX
_LIGHT = (0.90, 0.91, 0.92, 1.0)
_DARK = (0.17, 0.18, 0.20, 1.0)
_ACCENT = (0.36, 0.38, 0.41, 1.0)
_FOOT = 0.016
"""Thickness of the plate that the arm stands on [m]."""
_STANDING = 2
"""Links that are never near the table and have no contacts."""
_PAD = (0.004, 0.011, 0.018)
"""Half sizes of the gripper's pads [m]."""


def quaternion(rotation: Rotation) -> list[float]:
    """A rotation as wxyz."""
    x, y, z, w = rotation.as_quat()
    return [w, x, y, z]


def _rpy(angles: tuple[float, float, float]) -> list[float]:
    return quaternion(Rotation.from_euler("xyz", angles))


def _add_inertia(body: mujoco.MjsBody, of: Body) -> None:
    body.gravcomp = 1.0
    body.explicitinertial = True
    body.mass, body.ipos, body.fullinertia = of.mass, of.com, of.inertia


def add_arm(
    spec: mujoco.MjSpec, arm: Arm, dynamics: ArmDynamics, friction: float = 0.0
) -> mujoco.MjsBody:
    """Add the arm at the world's origin with its servos; return the last link's body.

    `friction` is the Coulomb friction of each joint as a fraction of its effort limit.

    Each joint has a position servo, actuator 2k, and a velocity servo, 2k + 1; gravity compensation
    acts through them, so it counts towards the effort limit.
    """
    world = spec.worldbody
    base = dynamics.base
    half, middle = (base.height - _FOOT) / 2, (base.height + _FOOT) / 2
    foot = [base.foot, _FOOT / 2, 0]
    world.add_geom(type=_CYLINDER, size=foot, pos=[0, 0, _FOOT / 2], rgba=_DARK)
    world.add_geom(type=_CYLINDER, size=[base.radius, half, 0], pos=[0, 0, middle], rgba=_LIGHT)
    body = world
    for index, (joint, link) in enumerate(zip(arm.joints, dynamics.links, strict=True)):
        body = body.add_body(name=link.name, pos=joint.xyz, quat=_rpy(joint.rpy))
        _add_inertia(body, link)
        limits = {} if joint.lower is None else {"range": [joint.lower, joint.upper]}
        hinge = body.add_joint(
            name=joint.name,
            axis=[0, 0, 1],
            limited=joint.lower is not None,
            armature=link.armature,
            damping=[link.damping, 0, 0],
            frictionloss=friction * link.effort,
            solref_friction=[0.004, 1.0],
            solimp_friction=[0.99, 0.9999, 0.001, 0.5, 2.0],
            actgravcomp=True,
            actfrclimited=True,
            actfrcrange=[-link.effort, link.effort],
            **limits,
        )
        for kind, gain, bias in (
            ("position", link.stiffness, [0, -link.stiffness, 0]),
            ("velocity", link.gain, [0, 0, -link.gain]),
        ):
            spec.add_actuator(
                name=f"{hinge.name}_{kind}",
                target=hinge.name,
                trntype=mujoco.mjtTrn.mjTRN_JOINT,
                gaintype=mujoco.mjtGain.mjGAIN_FIXED,
                biastype=mujoco.mjtBias.mjBIAS_AFFINE,
                gainprm=[gain, *[0] * 9],
                biasprm=[*bias, *[0] * 7],
            )
        _add_link_shape(body, index, arm, dynamics)
    return body


def _add_link_shape(body: mujoco.MjsBody, index: int, arm: Arm, dynamics: ArmDynamics) -> None:
    """A tube along the link's spine, a band around its longest part, and the next actuator."""
    radius, spine = dynamics.links[index].radius, dynamics.spine(arm, index)
    touches = index >= _STANDING
    moves = {"contype": 1, "conaffinity": 2} if touches else {"contype": 0, "conaffinity": 0}
    looks = {"contype": 0, "conaffinity": 0}
    last = index + 1 == len(arm.joints)
    for start, end in pairwise(spine):
        body.add_geom(
            type=_CYLINDER if last else _CAPSULE,
            fromto=[*start, *end],
            size=[radius, 0, 0],
            rgba=_LIGHT,
            **moves,
        )
    if last:
        return
    start, end = max(pairwise(spine), key=lambda part: float(np.linalg.norm(part[1] - part[0])))
    body.add_geom(
        type=_CYLINDER,
        fromto=[*(start + 0.46 * (end - start)), *(start + 0.54 * (end - start))],
        size=[radius + 0.001, 0, 0],
        rgba=_ACCENT,
        **looks,
    )
    joint = arm.joints[index + 1]
    centre = np.array(joint.xyz)
    axis = Rotation.from_euler("xyz", joint.rpy).as_matrix()[:, 2]
    body.add_geom(
        type=_CYLINDER,
        size=[radius * 0.9, 0, 0],
        rgba=_DARK,
        fromto=[*(centre - 1.06 * radius * axis), *(centre + 1.06 * radius * axis)],
        **looks,
    )


def add_gripper(
    flange: mujoco.MjsBody, arm: Arm, dynamics: ArmDynamics, width: float
) -> mujoco.MjsBody:
    """Add the gripper, its pads `width` [m] apart; return its body, whose frame is the tool's.

    An arm without a gripper gets only that frame.
    """
    tool = flange.add_body(name="gripper", pos=arm.tool_xyz, quat=_rpy(arm.tool_rpy))
    tool.add_site(name=TOOL_SITE, size=[0.002, 0.002, 0.002], rgba=[0, 0, 0, 0])
    if dynamics.gripper is not None:
        _add_inertia(tool, dynamics.gripper)
    if arm.gripper is not None:
        _add_gripper_shape(tool, width)
    return tool


def _add_gripper_shape(tool: mujoco.MjsBody, width: float) -> None:
    solid = {"contype": 1, "conaffinity": 2}
    tool.add_geom(
        type=_CYLINDER,
        fromto=[0, 0, -0.122, 0, 0, -0.092],
        size=[0.0375, 0, 0],
        rgba=_DARK,
        **solid,
    )
    tool.add_geom(type=_BOX, pos=[0, 0, -0.077], size=[0.045, 0.021, 0.02], rgba=_ACCENT, **solid)
    for side in (-1.0, 1.0):
        inner = side * width / 2
        pad = inner + side * 0.004
        knuckle = side * 0.049
        bend = [side * max(abs(pad) + 0.012, 0.052), 0, -0.032]
        shape = {"contype": 0, "conaffinity": 0, "rgba": _DARK}
        tool.add_geom(type=_CAPSULE, fromto=[knuckle, 0, -0.07, *bend], size=[0.008, 0, 0], **shape)
        tool.add_geom(
            type=_CAPSULE,
            fromto=[*bend, pad + side * 0.006, 0, -0.012],
            size=[0.0075, 0, 0],
            **shape,
        )
        tool.add_geom(
            type=_BOX,
            pos=[pad, 0, 0.0],
            size=_PAD,
            rgba=_ACCENT,
            contype=0,
            conaffinity=0,
        )
