"""The protocol of simulation backends, driven by ROS and the offline engine in the same way.

A package registers a backend, made from an `Arm`, in the entry-point group `multigen.simulators`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.plugins import load_plugin
from multigen_core.types import CameraFrame, JointState, LiquidState, PourState
from multigen_core.world.scene import Scene

GROUP = "multigen.simulators"
View = Literal["public", "cutaway"]


@dataclass(frozen=True, slots=True, eq=False)
class WorldState:
    """The simulated world at one time, including ground truth.

    `joints`: measured joints of the arm and gripper; `pour`: where the liquid is; `liquid`: what
    determines the sound; `collisions`: pairs of bodies in new contact since the previous state,
    such as "link_6 and table".
    """

    joints: JointState
    pour: PourState
    liquid: LiquidState
    collisions: tuple[str, ...] = ()


class Simulator(Protocol):
    """Simulates a pour in a world frame equal to base_link: SI units, Z up.

    Time is simulated time in ns since the last `reset`; callers add their own offset. Not
    thread-safe: one thread owns it, because rendering contexts belong to threads. The public view's
    calibration is the scene's.
    """

    timestep: float
    """Physics step [s]."""

    def reset(self, scene: Scene, seed: int) -> None:
        """Load `scene` and start at time 0; `seed` samples the randomness left in the scene."""

    def command(self, positions: NDArray[np.float64], velocities: NDArray[np.float64]) -> None:
        """Set the servo's goal: positions [rad], velocities [rad/s], (J,) in the arm's order."""

    def step(self, count: int = 1) -> None:
        """Advance by `count` physics steps."""

    def state(self) -> WorldState:
        """The current state; the same object until the next step."""

    def render(self, view: View) -> CameraFrame:
        """An image of the current state."""

    def close(self) -> None:
        """Free the rendering context."""


def make_simulator(backend: str, arm: Arm) -> Simulator:
    """A simulator of an arm; reset it before use.

    Raises:
        MultigenError: there is no such backend, or it cannot simulate that arm.
    """
    return cast(Simulator, load_plugin(GROUP, "backend", backend)(arm))
