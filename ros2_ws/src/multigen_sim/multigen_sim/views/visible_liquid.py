"""What shows of the liquid at one moment: all that the views know of it, whatever computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.liquid import Liquid
from multigen_core.world.vessel import Vessel


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """Parcels of liquid in flight, (N,) each, youngest first.

    `points` [m] and `launch` [m/s], the velocity at the lip, are (N, 3); `born` [s] is when a
    parcel left the lip, `fallen` [m] how far below it it is, `rate` [m^3/s] the flow it was part
    of, `volume` [m^3] its own. A `drop` falls for itself, the others make the stream.
    """

    points: NDArray[np.float64]
    launch: NDArray[np.float64]
    born: NDArray[np.float64]
    fallen: NDArray[np.float64]
    rate: NDArray[np.float64]
    volume: NDArray[np.float64]
    drop: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class VisibleLiquid:
    """The liquid in its vessels, in the air and on the table, in the world's frame.

    `tilt` [rad] turns the source's axis from the vertical towards the horizontal unit vector
    `downhill` (3,); `mouth` [m] is the centre of its rim, `lip` [m] the rim's lowest point.
    Free surfaces are planes: the source's stands `source_head` [m] above the lip and rises by
    `source_slope` towards `downhill`; the target's stands `target_level` [m] above the inner bottom
    on its axis and rises by `target_slope` towards +Y. `stream_width` [m] is that of the sheet at
    the lip, `inflow_rate` [m^3/s] and `impact_speed` [m/s] what strikes the target's surface at
    `impact_point` [m], (2,). `puddle` [m], (2,), is the middle of what was spilled.
    """

    time: float
    source: Vessel
    target: Vessel
    liquid: Liquid
    target_position: NDArray[np.float64]
    tilt: float
    downhill: NDArray[np.float64]
    mouth: NDArray[np.float64]
    lip: NDArray[np.float64]
    source_volume: float
    source_head: float
    source_slope: float
    target_level: float
    target_slope: float
    stream_width: float
    parcels: Parcels
    inflow_rate: float
    impact_speed: float
    impact_point: tuple[float, float]
    spilled_volume: float
    puddle: NDArray[np.float64]

    @property
    def target_surface(self) -> float:
        """Height of the target's surface in the world [m]."""
        return float(self.target_position[2]) + self.target.floor + self.target_level
