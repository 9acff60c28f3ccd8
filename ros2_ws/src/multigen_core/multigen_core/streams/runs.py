"""Stretches of a stream between the moments at which its clock was set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.types import NANOSECONDS

FORWARD = 60 * NANOSECONDS
"""A step of the stamps beyond this is a clock that was set, not an outage [ns]."""
BACK = NANOSECONDS
"""A step back beyond this is one, too; less is a message that was late [ns]."""

Stamps = NDArray[np.int64]


def runs(stamps: Stamps) -> list[slice]:
    """The stretches of `stamps` (N,) [ns], in order of arrival, without a jump of their clock."""
    if not len(stamps):
        return []
    steps = np.diff(stamps)
    ends = np.flatnonzero((steps > FORWARD) | (steps < -BACK)) + 1
    return [
        slice(int(start), int(stop))
        for start, stop in zip([0, *ends], [*ends, len(stamps)], strict=True)
    ]


def nearest_run(stamps: Stamps, moment: int) -> slice:
    """The stretch that reaches from before `moment` [ns] to after it, or comes closest.

    `stamps` (N,) [ns] in order of arrival, at least one.
    """

    def distance(run: slice) -> int:
        first, last = int(stamps[run].min()), int(stamps[run].max())
        return max(first - moment, moment - last, 0)

    return min(runs(stamps), key=distance)
