"""Masses, inertias, effort limits and servo gains of the simulated arm."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from multigen_core.config.yaml_file import load_model, package_config

Positive = Annotated[float, Field(gt=0)]


class Link(BaseModel):
    """One moving link and the drive before it.

    `name` is that of the vendor's URDF; `com` [m] in the link frame; `inertia` ixx, iyy, izz, ixy,
    ixz, iyz [kg m^2] about it; `effort` [Nm]; `armature` [kg m^2]; `damping`, `gain` [Nm s/rad];
    `stiffness` [Nm/rad].
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    mass: Positive
    com: tuple[float, float, float]
    inertia: tuple[float, float, float, float, float, float]
    effort: Positive
    armature: Positive
    damping: Annotated[float, Field(ge=0)]
    stiffness: Positive
    gain: Positive


class ArmDynamics(BaseModel):
    """The links in the order of the arm's joints, and the mass [kg] of the gripper."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    links: tuple[Link, ...]
    gripper_mass: Positive

    @classmethod
    def load(cls, name: str = "gen3") -> ArmDynamics:
        """The dynamics of a shipped arm.

        Raises:
            MultigenError: no such arm, or a key is wrong.
        """
        return load_model(cls, package_config("multigen_sim", "arm_dynamics", name))
