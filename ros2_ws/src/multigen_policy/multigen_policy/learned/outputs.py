"""What the network tells at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_policy.learned.onsets import ONSETS

CHUNK = 8
"""Tilt rates that it tells ahead, one every 0.1 s."""
RATE = 0.25
"""Unit of these [rad/s]."""
FUTURE = 24
"""Bands of the sound that it expects within the next half second."""

HEADS: dict[str, tuple[slice, float]] = {
    "committed": (slice(0, 2), 100.0),
    "poured": (slice(2, 4), 100.0),
    "fill": (slice(4, 6), 1.0),
    "air_column": (slice(6, 8), 10.0),
    "outflow": (slice(8, 9), 30.0),
    "resonance": (slice(9, 10), 1.0),
    "capacity": (slice(10, 11), 300.0),
    "content": (slice(11, 12), 100.0),
    "target_height": (slice(12, 13), 15.0),
    "target_radius": (slice(13, 14), 5.0),
    "chunk": (slice(14, 14 + CHUNK), RATE),
    "perceived": (slice(14 + CHUNK, 15 + CHUNK), 30.0),
    "onset": (slice(15 + CHUNK, 15 + CHUNK + len(ONSETS)), 1.0),
}
"""Columns and unit of each; the first four tell a mean and the logarithm of its scale, `perceived`
is the flow by the senses alone, `onset` the logarithm of each onset's probability."""
UNCERTAIN = ("committed", "poured", "fill", "air_column")
WIDTH = 15 + CHUNK + len(ONSETS)
SQRT2 = float(np.sqrt(2.0))
"""Standard deviation of a Laplace distribution of scale 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What a step tells, in the units of `recorder.TRUTH`; `…_error` is a standard deviation.

    `committed` [ml] is what will have been poured if the vessel turns back now; `chunk` (CHUNK,)
    are the next tilt rates [rad/s].
    """

    committed: float
    committed_error: float
    poured: float
    poured_error: float
    fill: float
    fill_error: float
    air_column: float
    air_column_error: float
    outflow: float
    chunk: NDArray[np.float64]

    @classmethod
    def of(cls, row: NDArray[Any]) -> Outputs:
        """From the network's row (WIDTH,)."""
        row = np.asarray(row, np.float64)
        told: dict[str, float] = {}
        for name in UNCERTAIN:
            columns, unit = HEADS[name]
            mean, scale = row[columns]
            told[name] = float(mean * unit)
            told[f"{name}_error"] = float(np.exp(scale) * unit * SQRT2)
        columns, unit = HEADS["outflow"]
        told["outflow"] = float(row[columns][0] * unit)
        columns, unit = HEADS["chunk"]
        return cls(**told, chunk=row[columns] * unit)
