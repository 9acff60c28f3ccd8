"""Masses, inertias, shapes, effort limits and servo gains of the simulated arm."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from multigen_core.arm import Arm
from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import load_model, package_config
from multigen_core.errors import MultigenError

Positive = Annotated[float, Field(gt=0)]
Point = tuple[float, float, float]


class Body(FrozenModel):
    """`mass` [kg], `com` [m] and, about it, `inertia` ixx, iyy, izz, ixy, ixz, iyz [kg m^2]."""

    mass: Positive
    com: Point
    inertia: tuple[float, float, float, float, float, float]


class Link(Body):
    """One moving link and the actuator of its joint.

    `name` is that in the vendor's URDF; `com` is in the link's frame; `effort` [Nm]; `armature`
    [kg m^2]; `damping`, `gain` [Nm s/rad]; `stiffness` [Nm/rad]. The link's shape is a tube of
    `radius` [m] along `spine`, points [m] in its frame; by default from its joint to the next.
    """

    name: str
    radius: Positive
    spine: tuple[Point, ...] = ()
    effort: Positive
    armature: Positive
    damping: Annotated[float, Field(ge=0)]
    stiffness: Positive
    gain: Positive


class Base(FrozenModel):
    """The column below the first joint: `radius` and `height` [m], and the radius of its `foot`."""

    foot: Positive
    radius: Positive
    height: Positive


class ArmDynamics(FrozenModel):
    """Links in the order of the arm's joints; the gripper is one body in the tool frame."""

    base: Base
    links: tuple[Link, ...] = Field(min_length=1)
    gripper: Body | None = None

    @model_validator(mode="after")
    def _ends(self) -> ArmDynamics:
        if not self.links[-1].spine:
            raise ValueError("the last link needs a spine, because no joint follows it")
        return self

    def spine(self, arm: Arm, index: int) -> NDArray[np.float64]:
        """The centre line of a link's tube [m], (K, 3), in the link's frame."""
        return np.array(self.links[index].spine or ((0.0, 0.0, 0.0), arm.joints[index + 1].xyz))

    @classmethod
    def of(cls, arm: Arm) -> ArmDynamics:
        """Load the dynamics of an arm.

        Raises:
            MultigenError: there is no such file, a key is wrong, or it is for a different arm.
        """
        path = package_config("multigen_sim", "arm_dynamics", arm.dynamics or arm.name)
        dynamics = load_model(cls, path)
        if len(dynamics.links) != len(arm.joints):
            raise MultigenError(
                f"{path}: {len(dynamics.links)} links, but {arm.name} has "
                f"{len(arm.joints)} joints: give one link per joint"
            )
        for index, link in enumerate(dynamics.links):
            if not np.diff(dynamics.spine(arm, index), axis=0).any(axis=1).all():
                raise MultigenError(f"{path}: {link.name}: two points of its spine are the same")
        return dynamics
