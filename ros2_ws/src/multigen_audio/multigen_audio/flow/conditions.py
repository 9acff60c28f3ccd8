"""What determines the sound, hop by hop: the interface between the eye and the speaker.

One row per hop of 10 ms, in physical units. The eye estimates such rows from images; for training
they come from the simulator's ground truth and recordings of known vessels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.types import NANOSECONDS, LiquidState
from multigen_core.world.catalogue import liquid, vessel
from multigen_core.world.material import material
from multigen_core.world.vessel import Vessel

Floats = NDArray[np.float32]

HOPS_PER_SECOND = 100
HOP = NANOSECONDS // HOPS_PER_SECOND
"""[ns]"""

MATERIALS = ("glass", "ceramic", "plastic", "steel", "aluminium", "paper")
"""Materials the networks know; others are mapped by `sounds_like`."""
COLUMNS = (
    "flow",  # into the target [m^3/s]
    "rim",  # striking its rim or missing it [m^3/s]
    "resonance",  # of the target's air column [Hz], 0 where unknown
    "air_column",  # from the surface to the mouth [m]
    "level",  # of the liquid in inner heights of the target, 0 to 1
    "impact_speed",  # of what falls in [m/s]
    "mouth_radius",  # of the target [m]
    "capacity",  # of the target [m^3]
    *MATERIALS,  # probability of each for the target's wall; all 0 where unknown
    "viscosity",  # of the liquid [Pa s], NaN where unknown, as the two below
    "bubbliness",  # as in the catalogue of liquids
    "temperature",  # [degC]
)
_INDEX = {name: index for index, name in enumerate(COLUMNS)}


@dataclass(frozen=True, eq=False)
class Conditions:
    """Rows of COLUMNS; row i holds over [stamp + i HOP, stamp + (i + 1) HOP).

    `values` is float32 (T, len(COLUMNS)).
    """

    stamp: int
    values: Floats

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(COLUMNS):
            raise ValueError(f"conditions must be (T, {len(COLUMNS)}), got {self.values.shape}")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, name: str) -> Floats:
        """One column, (T,)."""
        return self.values[:, _INDEX[name]]

    @property
    def end(self) -> int:
        """Time just after the last row [ns]."""
        return self.stamp + len(self) * HOP

    @classmethod
    def of(cls, stamp: int, count: int, target: Vessel, **columns: ArrayLike) -> Conditions:
        """`count` rows for a known target: its columns are set, others are given by name or 0.

        Raises:
            KeyError: there is no column of a given name.
        """
        values = np.zeros((count, len(COLUMNS)), np.float32)
        known = {"mouth_radius": target.mouth_radius, "capacity": target.capacity}
        for name, value in {**known, material(target.material).kind: 1.0, **columns}.items():
            values[:, _INDEX[name]] = value
        return cls(stamp, values)

    @classmethod
    def of_states(
        cls, states: Sequence[LiquidState], stamp: int | None = None, count: int | None = None
    ) -> Conditions:
        """Ground truth: the simulator's states, interpolated linearly at the centres of hops.

        Args:
            states: of one target and liquid, in order; beyond them their values hold.
            stamp: of the first row [ns], that of the first state by default.
            count: number of rows, by default those complete with the last state.

        Raises:
            ConfigError: the vessel or liquid is in no catalogue.
        """
        first = states[0]
        stamp = first.stamp if stamp is None else stamp
        count = (states[-1].stamp - stamp) // HOP if count is None else count
        times = stamp - first.stamp + (np.arange(count) + 0.5) * HOP
        stamps = np.array([state.stamp - first.stamp for state in states], np.float64)

        def at(name: str) -> NDArray[np.float64]:
            series = np.array([getattr(state, name) for state in states], np.float64)
            return np.maximum(np.interp(times, stamps, np.nan_to_num(series, posinf=0.0)), 0.0)

        body, fluid = vessel(first.target_vessel), liquid(first.liquid)
        return cls.of(
            stamp,
            count,
            body,
            flow=at("inflow_rate"),
            rim=at("rim_rate") + at("spill_rate"),
            resonance=at("resonance_frequency"),
            air_column=at("air_column"),
            level=np.clip(at("target_level") / body.height, 0.0, 1.0),
            impact_speed=at("impact_speed"),
            viscosity=fluid.viscosity,
            bubbliness=fluid.bubbliness,
            temperature=at("temperature"),
        )
