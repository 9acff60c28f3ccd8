"""The time grid of blocks on which the physical synthesizer works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS

Floats = NDArray[np.float64]

BLOCKS_PER_SECOND = 200


@dataclass(frozen=True)
class Grid:
    """Blocks of `size` samples; block b begins b * size samples after the stream's first input."""

    sample_rate: int

    def __post_init__(self) -> None:
        if self.sample_rate % BLOCKS_PER_SECOND:
            raise ValueError(f"sample_rate must be a multiple of {BLOCKS_PER_SECOND} Hz")

    @property
    def size(self) -> int:
        """Samples in a block."""
        return self.sample_rate // BLOCKS_PER_SECOND

    @staticmethod
    def time(block: int) -> int:
        """Nanoseconds from the stream's beginning to that of a block."""
        return block * NANOSECONDS // BLOCKS_PER_SECOND

    @staticmethod
    def times(first: int, last: int) -> Floats:
        """`time` of the blocks from `first` to `last`, both included."""
        return np.arange(first, last + 1, dtype=np.float64) * (NANOSECONDS / BLOCKS_PER_SECOND)

    @staticmethod
    def complete(elapsed: int) -> int:
        """Number of whole blocks in `elapsed` ns."""
        return elapsed * BLOCKS_PER_SECOND // NANOSECONDS

    def ramp(self, edges: Floats) -> Floats:
        """Values at block edges (N + 1,) joined by lines, sample by sample: (N, size)."""
        fraction = np.arange(self.size) / self.size
        return np.asarray(edges[:-1, None] + np.diff(edges)[:, None] * fraction)
