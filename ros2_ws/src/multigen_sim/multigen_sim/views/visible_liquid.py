"""Visible state of the liquid: the views' only input, whatever the liquid model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.liquid import Liquid
from multigen_core.world.vessel import Vessel


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """Parcels of liquid in flight, (N,) each, youngest first.

    `points` [m] and `launch` [m/s], the velocity at the lip, are (N, 3); `born` [s] is the time a
    parcel left the lip, `fallen` [m] its distance below the lip, `rate` [m^3/s] the flow it was
    part of, `volume` [m^3] its own. A `drop` falls separately; the others form the stream.
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

    `tilt` [rad] is that of the source's axis from the vertical towards the horizontal unit vector
    `downhill` (3,); `mouth` [m] is the centre of its rim, `lip` [m] the rim's lowest point.
    Free surfaces are planes: the source's is `source_head` [m] above the lip and has slope
    `source_slope` towards `downhill`; the target's is `target_level` [m] above the inner bottom on
    its axis and has slope `target_slope` towards +Y. `stream_width` [m] is that of the sheet at the
    lip; `inflow_rate` [m^3/s] and `impact_speed` [m/s] are those of the impact on the target's
    surface at `impact_point` [m], (2,). `puddle` [m], (2,), is the centre of the spilled liquid.
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
