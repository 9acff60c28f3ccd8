"""Runs of a stream between the times at which its clock was set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS

FORWARD = 60 * NANOSECONDS
"""A step of the stamps beyond this means that the clock was set, not an outage [ns]."""
BACK = NANOSECONDS
"""So does a step back beyond this; a smaller one is a late message [ns]."""

Stamps = NDArray[np.int64]


def runs(stamps: Stamps) -> list[slice]:
    """The runs of `stamps` (N,) [ns], in order of arrival, without a jump of their clock."""
    if not len(stamps):
        return []
    steps = np.diff(stamps)
    ends = np.flatnonzero((steps > FORWARD) | (steps < -BACK)) + 1
    return [
        slice(int(start), int(stop))
        for start, stop in zip([0, *ends], [*ends, len(stamps)], strict=True)
    ]


def nearest_run(stamps: Stamps, moment: int) -> slice:
    """The run that contains `moment` [ns], or the closest one.

    `stamps` (N,) [ns] in order of arrival, at least one.
    """

    def distance(run: slice) -> int:
        first, last = int(stamps[run].min()), int(stamps[run].max())
        return max(first - moment, moment - last, 0)

    return min(runs(stamps), key=distance)
