"""The default liquid: our reduced-order hydraulics."""

from __future__ import annotations

import numpy as np

from multigen_core.types import LiquidState, PourState
from multigen_core.world.scene import Scene
from multigen_sim.liquid.appearance import visible_liquid
from multigen_sim.liquid.hydraulics import Hydraulics
from multigen_sim.liquid.ledger import SOURCE, SPILLED
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.views.visible_liquid import VisibleLiquid


class ReducedOrderLiquid:
    """Implements `multigen_sim.liquid.model.LiquidModel`."""

    def __init__(self, scene: Scene, pose: VesselPose, seed: int) -> None:
        self.hydraulics = Hydraulics(
            scene.source.vessel,
            scene.target.vessel,
            np.array(scene.target.position),
            scene.liquid,
            scene.hydraulics,
            scene.source.volume_ml * 1e-6,
            scene.target.volume_ml * 1e-6,
            pose,
            seed,
        )

    @property
    def source_volume(self) -> float:
        """Volume in the source [m^3]."""
        return self.hydraulics.volumes[SOURCE]

    def step(self, pose: VesselPose, dt: float) -> None:
        """Advance by `dt` [s], to the time at which the source is at `pose`."""
        self.hydraulics.step(pose, dt)

    def pour_state(self, stamp: int) -> PourState:
        """Where the liquid is now."""
        volumes, poured = self.hydraulics.volumes, self.hydraulics.poured
        mass = poured * self.hydraulics.liquid.density
        return PourState(stamp, volumes[SOURCE], poured, volumes[SPILLED], mass)

    def liquid_state(self, stamp: int) -> LiquidState:
        """Everything that determines the sound now."""
        return self.hydraulics.liquid_state(stamp)

    def visible(self) -> VisibleLiquid:
        """The liquid as the views render it now."""
        return visible_liquid(self.hydraulics)
