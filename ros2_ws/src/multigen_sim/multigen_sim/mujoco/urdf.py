"""The simulated arm as URDF, for RViz, robot_state_publisher and planners."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from xml.etree import ElementTree as Xml

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_sim.mujoco.arm_dynamics import ArmDynamics, Body

BASE, TOOL = "base_link", "tool_frame"
_GRIPPER = np.array([[0.0, 0.0, -0.12], [0.0, 0.0, 0.0]])
"""Ends of the gripper in the tool frame [m]."""
_GRIPPER_RADIUS = 0.0375
_KNUCKLE = (0.0306, 0.0, -0.0657)
"""Pivot of its finger [m]."""


def _text(values: Sequence[float]) -> str:
    return " ".join(f"{value:.10g}" for value in values)


def _origin(
    parent: Xml.Element, xyz: Sequence[float], rpy: Sequence[float] = (0.0, 0.0, 0.0)
) -> None:
    Xml.SubElement(parent, "origin", xyz=_text(xyz), rpy=_text(rpy))


def _inertial(link: Xml.Element, body: Body) -> None:
    element = Xml.SubElement(link, "inertial")
    _origin(element, body.com)
    Xml.SubElement(element, "mass", value=_text([body.mass]))
    names = ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
    values = zip(names, body.inertia, strict=True)
    Xml.SubElement(element, "inertia", {name: _text([value]) for name, value in values})


def _tube(link: Xml.Element, spine: NDArray[np.float64], radius: float) -> None:
    """Visual and collision cylinders along a spine [m], (K, 3)."""
    for kind in ("visual", "collision"):
        for start, end in pairwise(spine):
            x, y, z = end - start
            length = float(np.linalg.norm(end - start))
            element = Xml.SubElement(link, kind)
            _origin(element, (start + end) / 2, (0.0, np.arccos(z / length), np.arctan2(y, x)))
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
    """The arm and its gripper, with the simulator's joint names, limits, frames and masses.

    The gripper's linkage is one joint with an empty child link; `tool_frame` is where its
    fingertips meet.
    """
    robot = Xml.Element("robot", name=arm.name)
    Xml.SubElement(robot, "link", name=BASE)
    parent = BASE
    for index, (joint, part) in enumerate(zip(arm.joints, dynamics.links, strict=True)):
        link = Xml.SubElement(robot, "link", name=part.name)
        _inertial(link, part)
        _tube(link, dynamics.spine(arm, index), part.radius)
        kind = "continuous" if joint.lower is None else "revolute"
        element = _joint(robot, joint.name, kind, parent, part.name, joint.xyz, joint.rpy)
        bounds = {"effort": _text([part.effort]), "velocity": _text([joint.velocity])}
        if joint.lower is not None and joint.upper is not None:
            bounds |= {"lower": _text([joint.lower]), "upper": _text([joint.upper])}
        Xml.SubElement(element, "limit", bounds)
        parent = part.name
    tool = Xml.SubElement(robot, "link", name=TOOL)
    if dynamics.gripper is not None:
        _inertial(tool, dynamics.gripper)
        _tube(tool, _GRIPPER, _GRIPPER_RADIUS)
    _joint(robot, "tool_joint", "fixed", parent, TOOL, arm.tool_xyz, arm.tool_rpy)
    if arm.gripper is not None:
        name = arm.gripper.joint.replace("_joint", "_link")
        Xml.SubElement(robot, "link", name=name)
        knuckle = _joint(robot, arm.gripper.joint, "revolute", TOOL, name, _KNUCKLE, (0, 0, 0))
        closed = _text([arm.gripper.closed])
        Xml.SubElement(knuckle, "limit", lower="0", upper=closed, effort="50", velocity="0.5")
    Xml.indent(robot)
    return f'<?xml version="1.0"?>\n{Xml.tostring(robot, encoding="unicode")}\n'
