"""The arm of a scene as every backend starts, commands and reads it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.contract import BASE_FRAME
from multigen_core.errors import MultigenError
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import JointState
from multigen_core.world.scene import Scene

Floats = NDArray[np.float64]


def start_positions(arm: Arm, scene: Scene, rng: np.random.Generator) -> Floats:
    """Joint positions [rad], (J,), that hold the source upright at the target, with noise.

    Raises:
        UnreachableError: the arm cannot pour at the target's position.
    """
    start = plan_pour(Station.of(scene, arm, Told.TARGET)).at(0.0)
    start = start + scene.arm.home_noise * rng.standard_normal(len(arm.joints))
    return np.clip(start, arm.lower, arm.upper)


def checked_goal(arm: Arm, positions: Floats, velocities: Floats) -> Floats:
    """A command's positions [rad] and velocities [rad/s] as one array (2, J).

    Raises:
        MultigenError: the shape is wrong or a value is not finite.
    """
    shape = arm.home.shape
    if np.shape(positions) != shape or np.shape(velocities) != shape:
        raise MultigenError(
            f"command has positions {np.shape(positions)} and velocities "
            f"{np.shape(velocities)}; {arm.name} has {len(arm.joints)} joints"
        )
    goal = np.array([positions, velocities], float)
    if not np.isfinite(goal).all():
        raise MultigenError("command contains NaN or infinity; ignoring it")
    return goal


class Encoders:
    """The joint states that an arm reports: with the scene's noise, and the gripper's joint.

    The gripper holds the scene's source and does not move.
    """

    def __init__(self, arm: Arm, scene: Scene, seed: int) -> None:
        self._arm, self._noise, self._seed = arm, scene.arm.encoder_noise, seed
        grip = 2.0 * float(scene.source.vessel.outer_radius(scene.source.grasp_height))
        self._knuckle = np.array([arm.gripper.angle(grip)] if arm.gripper else [])
        self._rest = np.zeros_like(self._knuckle)

    def read(self, stamp: int, step: int, positions: Floats, velocities: Floats) -> JointState:
        """The reading at `stamp` [ns] of positions [rad] and velocities [rad/s], (J,) each.

        The noise depends on the physics step and the seed alone.
        """
        if self._noise:
            rng = np.random.default_rng([self._seed, step])
            positions = positions + self._noise * rng.standard_normal(len(positions))
        return JointState(
            stamp,
            self._arm.reported_names,
            np.concatenate((positions, self._knuckle)),
            np.concatenate((velocities, self._rest)),
            BASE_FRAME,
        )
