"""The simulated arm as URDF, for tools that want one: RViz, robot_state_publisher, planners."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

import numpy as np
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_sim.mujoco.arm_dynamics import ArmDynamics
from multigen_sim.mujoco.arm_model import RADII
from multigen_sim.mujoco.gripper import CLOSED

BASE, TOOL = "base_link", "tool_frame"


def _text(values: Sequence[float]) -> str:
    return " ".join(f"{value:.10g}" for value in values)


def _origin(
    parent: Xml.Element, xyz: Sequence[float], rpy: Sequence[float] = (0.0, 0.0, 0.0)
) -> None:
    Xml.SubElement(parent, "origin", xyz=_text(xyz), rpy=_text(rpy))


def _inertial(
    link: Xml.Element, mass: float, com: Sequence[float], inertia: Sequence[float]
) -> None:
    element = Xml.SubElement(link, "inertial")
    _origin(element, com)
    Xml.SubElement(element, "mass", value=_text([mass]))
    names = ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
    Xml.SubElement(
        element, "inertia", {name: _text([v]) for name, v in zip(names, inertia, strict=True)}
    )


def _cylinder(link: Xml.Element, end: Sequence[float], radius: float) -> None:
    """A cylinder from the link's origin to `end` [m], to see and to collide with."""
    length = float(np.linalg.norm(end))
    turn, _ = Rotation.align_vectors([np.array(end) / length], [[0.0, 0.0, 1.0]])
    for kind in ("visual", "collision"):
        element = Xml.SubElement(link, kind)
        _origin(element, (np.array(end) / 2).tolist(), turn.as_euler("xyz"))
        shape = Xml.SubElement(element, "geometry")
        Xml.SubElement(shape, "cylinder", radius=_text([radius]), length=_text([length]))


def _joint(
    robot: Xml.Element, name: str, kind: str, parent: str, child: str, xyz: Sequence[float],
    rpy: Sequence[float],
) -> Xml.Element:  # fmt: skip
    joint = Xml.SubElement(robot, "joint", name=name, type=kind)
    _origin(joint, xyz, rpy)
    Xml.SubElement(joint, "parent", link=parent)
    Xml.SubElement(joint, "child", link=child)
    if kind != "fixed":
        Xml.SubElement(joint, "axis", xyz="0 0 1")
    return joint


def urdf(arm: Arm, dynamics: ArmDynamics) -> str:
    """The arm and its gripper; joint names, limits, frames and masses are the simulator's.

    The gripper's linkage is one joint whose child carries nothing; `tool_frame` is where its
    fingertips meet.
    """
    robot = Xml.Element("robot", name=arm.name)
    Xml.SubElement(robot, "link", name=BASE)
    parent = BASE
    for index, (joint, part) in enumerate(zip(arm.joints, dynamics.links, strict=True)):
        link = Xml.SubElement(robot, "link", name=part.name)
        _inertial(link, part.mass, part.com, part.inertia)
        last = index + 1 == len(arm.joints)
        _cylinder(link, (0.0, 0.0, -0.0615) if last else arm.joints[index + 1].xyz, RADII[index])
        kind = "continuous" if joint.lower is None else "revolute"
        element = _joint(robot, joint.name, kind, parent, part.name, joint.xyz, joint.rpy)
        bounds = {"effort": _text([part.effort]), "velocity": _text([joint.velocity])}
        if joint.lower is not None and joint.upper is not None:
            bounds |= {"lower": _text([joint.lower]), "upper": _text([joint.upper])}
        Xml.SubElement(element, "limit", bounds)
        parent = part.name
    tool = Xml.SubElement(robot, "link", name=TOOL)
    _inertial(tool, dynamics.gripper_mass, (0, 0, -0.075), (1.2e-3, 1.2e-3, 8e-4, 0, 0, 0))
    _cylinder(tool, (0.0, 0.0, -0.12), 0.0375)
    _joint(robot, "tool_joint", "fixed", parent, TOOL, arm.tool_xyz, arm.tool_rpy)
    if arm.gripper_joint:
        name = arm.gripper_joint.replace("_joint", "_link")
        Xml.SubElement(robot, "link", name=name)
        knuckle = _joint(
            robot, arm.gripper_joint, "revolute", TOOL, name, (0.0306, 0.0, -0.0657), (0, 0, 0)
        )
        Xml.SubElement(
            knuckle, "limit", lower="0", upper=_text([CLOSED]), effort="50", velocity="0.5"
        )
    Xml.indent(robot)
    return f'<?xml version="1.0"?>\n{Xml.tostring(robot, encoding="unicode")}\n'
