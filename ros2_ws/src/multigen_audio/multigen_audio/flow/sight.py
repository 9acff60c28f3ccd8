"""Outputs of the eye's network for one frame, converted to physical units.

The network sees a standing vessel as ROWS rows of PIXEL, the lowest at its foot. For every row it
estimates the fraction inside the vessel, the fraction filled, and the width of the vessel; sums
over rows give heights to a small fraction of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_audio.flow.conditions import MATERIALS
from multigen_core.world.acoustics import Resonator
from multigen_core.world.vessel import Vessel

ROWS = 128
PIXEL = 0.002
"""Height of a row [m]."""
FOOT = 123
"""The row whose middle is at the height of the foot; row i's is (FOOT - i) PIXEL above it."""
HEIGHTS = (FOOT - np.arange(ROWS)) * PIXEL
"""Middles of the rows above the foot [m], (ROWS,)."""
HOPS = 10
"""Hops that end with a frame and are told apart in it."""
LEAST_FLOW = 2e-7
"""What counts as flowing [m^3/s]."""
SLOW = ("impact_speed", *MATERIALS, "viscosity", "bubbliness", "temperature")
"""Columns told once a frame."""

_NARROWEST = 0.003
_LEAST_HEIGHT = 0.01

Floats = NDArray[np.float64]


def to_network(slow: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Columns SLOW (..., S) in the network's units, near 1."""
    scaled = np.array(slow, np.float32)
    scaled[..., -3] = np.log10(np.maximum(scaled[..., -3], 1e-5)) + 3.0
    scaled[..., -1] /= 50.0
    return scaled


def from_network(slow: NDArray[np.float32]) -> Floats:
    """Columns SLOW (S,) from the network's output: the inverse, except for materials' logits."""
    columns = np.asarray(slow, np.float64)
    logits = columns[1 : 1 + len(MATERIALS)]
    chances = np.exp(logits - logits.max())
    columns[1 : 1 + len(MATERIALS)] = chances / chances.sum()
    columns[0] = max(columns[0], 0.0)
    columns[-3] = 10.0 ** min(columns[-3] - 3.0, 1.0)
    columns[-2] = max(columns[-2], 0.0)
    columns[-1] = np.clip(columns[-1] * 50.0, 0.0, 100.0)
    return columns


def flows(hops: NDArray[np.float32]) -> Floats:
    """Flow and miss [m^3/s] of the hops, (HOPS, 2), exactly 0 where nothing is thought to flow."""
    gates, logs = hops[:, 0::2].astype(np.float64), hops[:, 1::2].astype(np.float64)
    return np.where(gates > 0.0, np.maximum(np.exp(np.minimum(logs, 7.0)) * 1e-6, LEAST_FLOW), 0.0)


def cover(low: float, high: float) -> Floats:
    """Part of every row between two heights [m] above the foot, (ROWS,)."""
    edges = HEIGHTS[:, None] + PIXEL * np.array([-0.5, 0.5])
    overlap = np.minimum(edges[:, 1], high) - np.maximum(edges[:, 0], low)
    return np.clip(overlap / PIXEL, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Shape:
    """A vessel as seen: `height` [m], and inner radii [m], (ROWS,), at HEIGHTS above `floor`."""

    floor: float
    height: float
    radii: Floats

    @classmethod
    def of_rows(cls, inside: Floats, radii: Floats) -> Shape:
        """From what the network says of every row: the part inside, and radius [m]."""
        total = max(float(inside.sum()), 1e-6)
        height = max(total * PIXEL, _LEAST_HEIGHT)
        middle = float(inside @ HEIGHTS) / total
        return cls(middle - height / 2, height, np.maximum(radii, _NARROWEST))

    def mixed(self, other: Shape, part: float) -> Shape:
        """This shape with `part` of another."""
        return Shape(
            (1 - part) * self.floor + part * other.floor,
            (1 - part) * self.height + part * other.height,
            (1 - part) * self.radii + part * other.radii,
        )

    def differs(self, other: Shape, by: float) -> bool:
        """Whether lengths differ by more than a part `by`, or radii by twice that."""
        within = (other.floor < HEIGHTS) & (other.floor + other.height > HEIGHTS)
        change = np.abs(self.radii / other.radii - 1.0)[within]
        lengths = abs(self.height - other.height) + abs(self.floor - other.floor)
        return lengths > by * other.height or bool((change > 2 * by).any())

    def vessel(self) -> Vessel:
        """A vessel of this shape."""
        z = np.append(np.arange(0.0, self.height - 0.4 * PIXEL, PIXEL), self.height)
        r = np.interp(z + self.floor, HEIGHTS[::-1], self.radii[::-1])
        return Vessel(
            description="as seen",
            profile=tuple((float(a), float(b)) for a, b in zip(z, r, strict=True)),
            wall=0.001,
            mass=0.1,
            material="glass",
            opaque=False,
        )


class Cavity:
    """The vessel before the eye: its shape, remembered over frames, and how it resonates."""

    def __init__(self, kept: float = 0.93, changed: float = 0.004) -> None:
        """A cavity yet unseen.

        Args:
            kept: part of the shape known that a later frame leaves at least.
            changed: part by which the shape must change for its resonances to be recomputed.
        """
        self._kept, self._changed = kept, changed
        self._shape: Shape | None = None
        self._frames = 0
        self._known: Shape | None = None

    def see(self, shape: Shape) -> None:
        """Learn from one frame's shape; early frames count alike, later ones little."""
        self._frames += 1
        part = max(1.0 / self._frames, 1.0 - self._kept)
        self._shape = shape if self._shape is None else self._shape.mixed(shape, part)
        if self._known is None or self._shape.differs(self._known, self._changed):
            self._known = self._shape
            self._vessel = self._shape.vessel()
            self._resonator = Resonator(self._vessel)

    def measure(self, level: float) -> dict[str, float]:
        """The columns that the level [m] and the shape determine.

        `see` must have been called.
        """
        vessel = self._vessel
        level = min(max(level, 0.0), vessel.height)
        return {
            "resonance": float(self._resonator.frequency(level)),
            "air_column": vessel.height - level,
            "level": level / vessel.height,
            "mouth_radius": vessel.mouth_radius,
            "capacity": vessel.capacity,
        }
