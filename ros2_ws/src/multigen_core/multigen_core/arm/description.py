"""Description of an arm: joint names, limits, home position, kinematic chain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from multigen_core.config.frozen import FrozenModel
from multigen_core.config.yaml_file import load_model, package_config
from multigen_core.errors import MultigenError
from multigen_core.types import JointState


class Joint(FrozenModel):
    """One revolute joint about its own z axis, with its frame in the parent's.

    `lower` and `upper` [rad] are None for a continuous joint; `velocity` [rad/s], `acceleration`
    [rad/s^2]; `xyz` [m], `rpy` [rad] as in URDF.
    """

    name: str
    lower: float | None = None
    upper: float | None = None
    velocity: float = Field(gt=0)
    acceleration: float = Field(gt=0)
    home: float
    xyz: tuple[float, float, float]
    rpy: tuple[float, float, float]


class Gripper(FrozenModel):
    """A parallel gripper that opens as wide as `stroke` [m].

    `joint` is the one that its driver reports: 0 when open, `closed` [rad] when closed.
    """

    joint: str
    stroke: float = Field(gt=0)
    closed: float = Field(gt=0)

    def angle(self, width: float) -> float:
        """Of the joint [rad] with the pads `width` [m] apart; the linkage is near linear."""
        return self.closed * (1.0 - min(max(width / self.stroke, 0.0), 1.0))


class Arm(FrozenModel):
    """An arm from its YAML file; arrays are in the order of `joints`.

    `tool_xyz` [m] and `tool_rpy` [rad] place the tool frame in the last joint's: between the
    gripper's fingertips, z along the approach, x across the fingers. `dynamics` names what the
    simulator needs besides, a shipped file or one beside the arm's own; the arm's name by default.
    """

    name: str
    joints: tuple[Joint, ...] = Field(min_length=1)
    tool_xyz: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tool_rpy: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gripper: Gripper | None = None
    dynamics: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Arm:
        if len(set(self.names)) != len(self.names):
            raise ValueError("duplicate joint names")
        for joint in self.joints:
            if (joint.lower is None) != (joint.upper is None):
                raise ValueError(f"{joint.name}: give both lower and upper, or neither")
            if joint.lower is None or joint.upper is None:
                continue
            if not joint.lower < joint.upper or not joint.lower <= joint.home <= joint.upper:
                limits = f"{joint.lower} … {joint.upper}"
                raise ValueError(f"{joint.name}: home {joint.home} is outside {limits}")
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Joint names in order."""
        return tuple(joint.name for joint in self.joints)

    @cached_property
    def reported_names(self) -> tuple[str, ...]:
        """Names of the joints that drivers report: the arm's, then the gripper's."""
        return self.names + ((self.gripper.joint,) if self.gripper else ())

    @cached_property
    def home(self) -> NDArray[np.float64]:
        """Home positions [rad], (J,)."""
        return np.array([joint.home for joint in self.joints])

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """Lower position limits [rad], (J,); -inf for continuous joints."""
        return np.array([-np.inf if j.lower is None else j.lower for j in self.joints])

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Upper position limits [rad], (J,); inf for continuous joints."""
        return np.array([np.inf if j.upper is None else j.upper for j in self.joints])

    @cached_property
    def velocity(self) -> NDArray[np.float64]:
        """Speed limits [rad/s], (J,)."""
        return np.array([joint.velocity for joint in self.joints])

    @cached_property
    def acceleration(self) -> NDArray[np.float64]:
        """Acceleration limits [rad/s^2], (J,)."""
        return np.array([joint.acceleration for joint in self.joints])

    @cached_property
    def continuous(self) -> NDArray[np.bool_]:
        """Which joints are continuous, (J,)."""
        return np.array([joint.lower is None for joint in self.joints])

    def nearest_turn(
        self, positions: NDArray[np.float64], near: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """`positions` [rad], (J,), with continuous joints shifted by whole turns nearest to `near`.

        Drivers report such joints modulo a turn, and the Gen3's home has joint_3 where they wrap.
        """
        turns = np.round((near - positions) / (2 * np.pi))
        return positions + 2 * np.pi * np.where(self.continuous, turns, 0.0)

    @classmethod
    def load(cls, file: str | Path = "gen3") -> Arm:
        """An arm from a YAML file, or by the name of a shipped one.

        Raises:
            MultigenError: no such file, or a key is wrong.
        """
        path = package_config("multigen_core", "arms", file)
        arm = load_model(cls, path)
        beside = path.parent / arm.dynamics
        return arm.model_copy(update={"dynamics": str(beside)}) if beside.is_file() else arm


class JointNameError(MultigenError):
    """Joint names do not match those expected."""


def joint_indices(expected: Sequence[str], given: Sequence[str]) -> NDArray[np.intp]:
    """Index of each expected joint in `given`, which may be in any order and hold other joints.

    The only place where joints are matched. Returns (J,).

    Raises:
        JointNameError: one is missing or appears twice.
    """
    position = {name: index for index, name in enumerate(given)}
    if len(position) != len(given):
        raise JointNameError(f"duplicate joint names: {', '.join(given)}")
    missing = [name for name in expected if name not in position]
    if missing:
        raise JointNameError(
            f"joints missing: {', '.join(missing)}; given: {', '.join(given) or 'none'}"
        )
    return np.array([position[name] for name in expected], np.intp)


def select_joints(state: JointState, names: Sequence[str]) -> JointState:
    """`state` reduced to `names` in that order.

    Raises:
        JointNameError: one is missing.
    """
    index = joint_indices(names, state.names)
    return JointState(
        state.stamp, tuple(names), state.positions[index], state.velocities[index], state.frame_id
    )
