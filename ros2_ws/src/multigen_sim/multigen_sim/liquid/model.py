"""What the simulator of arm and pictures knows of a liquid, whatever its physics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from multigen_core.types import LiquidState, PourState
from multigen_core.world.scene import Scene
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.views.visible_liquid import VisibleLiquid


class LiquidModel(Protocol):
    """The liquid of one pour, from a source that others move."""

    @property
    def source_volume(self) -> float:
        """Volume in the source [m^3], a load of the arm."""

    def step(self, pose: VesselPose, dt: float) -> None:
        """Advance by `dt` [s], to the time at which the source is at `pose`."""

    def pour_state(self, stamp: int) -> PourState:
        """Where the liquid is now."""

    def liquid_state(self, stamp: int) -> LiquidState:
        """Everything that determines the sound now."""

    def visible(self) -> VisibleLiquid:
        """The liquid as the views render it now."""


MakeLiquid = Callable[[Scene, VesselPose, int], LiquidModel]
"""Makes a scene's liquid at rest, from the source's pose and a seed."""
