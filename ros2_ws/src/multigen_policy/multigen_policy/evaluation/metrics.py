"""Metrics of one pour, and their aggregate over many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.statistics import Estimate, estimate
from multigen_core.types import (
    LiquidState,
    Outcome,
    PourProgress,
    PourState,
    to_nanoseconds,
    to_seconds,
)

MAX_ERROR = 0.10
"""Largest relative volume error of a success."""
MAX_SPILL = 0.02
"""Largest spilled fraction of a success."""
ROUNDING = 1e-9
"""Floating-point tolerance, so that an error of exactly 10 % is a success."""
SETTLE = 3.0
"""Liquid may keep falling this long after the outcome [s]; later somebody may lift the vessel."""
OLDEST_READING = 1.0
"""Greatest age of the last volume reading at the outcome [s]; if older, the volume is unknown."""
FALL = 5e-6
"""A drop of the reading by more [m^3] means that the vessel was emptied or the world reset."""
WATER = 1000.0
"""Default density [kg/m^3] that converts a scale's mass to volume."""
SPEED_OF_SOUND = 343.0
PAPER_NMAE = 0.46
"""Result of the paper on a real robot, zero-shot."""
NOT_COMPARABLE = (
    f"Simulated figures are not comparable with the paper's NMAE of {PAPER_NMAE}, "
    "which was measured on a real robot, zero-shot."
)


@dataclass(frozen=True, slots=True)
class PourMetrics:
    """One pour; NaN if the recording does not determine a value, and then success is undefined.

    `relative_error` is |poured - target| / target, `error_ml` is signed (positive: overfilled),
    `spill_fraction` is the share of the liquid that left the source and missed the target,
    `duration` [s] lasts from the goal to the outcome.
    """

    target_ml: float
    poured_ml: float
    relative_error: float
    error_ml: float
    spilled_ml: float
    spill_fraction: float
    success: bool
    estimated_ml: float
    duration: float
    outcome: str
    reason: str

    @property
    def known(self) -> bool:
        """Whether the poured volume was measured."""
        return self.poured_ml == self.poured_ml


def poured_volumes(states: Sequence[PourState], density: float = WATER) -> NDArray[np.float64]:
    """Poured volume (N,) [m^3] of each state; from mass if only a scale measured it."""
    volumes = np.array([state.poured_volume for state in states], float)
    masses = np.array([state.poured_mass for state in states], float)
    return np.where(np.isfinite(volumes), volumes, masses / density)


@dataclass(frozen=True, slots=True)
class Readings:
    """Finite `values` (N,) over `stamps` (N,) [ns], in order of time."""

    stamps: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, stamps: NDArray[np.int64], values: NDArray[np.float64]) -> Readings:
        """The finite ones."""
        finite = np.isfinite(values)
        return cls(stamps[finite], values[finite])

    def emptied(self, start: int, end: int) -> tuple[int, int]:
        """`start` and `end` [ns], narrowed to exclude emptying of the vessel.

        A drop before anything was poured belongs to the time before the pour; a later one ends it.
        """
        base = max(int(np.searchsorted(self.stamps, start, side="right")) - 1, 0)
        for index in range(base + 1, int(np.searchsorted(self.stamps, end, side="right"))):
            highest = float(self.values[base:index].max())
            if highest - self.values[index] <= FALL:
                continue
            if highest - self.values[base] > FALL:
                return start, int(self.stamps[index]) - 1
            base, start = index, int(self.stamps[index])
        return start, end

    def gain(self, start: int, end: int, needed: int) -> float:
        """Last value until `end` minus the last until `start`, which is 0 if there is none.

        NaN without a reading in between, or without one from `needed` [ns] on.
        """
        last = int(np.searchsorted(self.stamps, end, side="right"))
        first = int(np.searchsorted(self.stamps, start, side="right"))
        if last == 0 or last == first or self.stamps[last - 1] < needed:
            return float("nan")
        return float(self.values[last - 1] - (self.values[first - 1] if first else 0.0))


def pour_metrics(
    goal: PourProgress,
    progress: Sequence[PourProgress],
    states: Sequence[PourState],
    end: int,
    density: float = WATER,
) -> PourMetrics:
    """Metrics of the pour of `goal`; nothing followed it before `end` [ns].

    Raises:
        ValueError: the goal's volume is not positive.
    """
    if not goal.target_volume > 0:
        raise ValueError(f"target volume {goal.target_volume} m^3 is not positive")
    own = [item for item in progress if goal.stamp <= item.stamp <= end]
    final = next((item for item in own if item.outcome is not Outcome.RUNNING), None)
    settled = min(end, final.stamp + round(SETTLE * 1e9)) if final else end
    stamps = np.array([state.stamp for state in states], np.int64)
    readings = Readings.of(stamps, poured_volumes(states, density))
    start, settled = readings.emptied(goal.stamp, settled)
    needed = min(final.stamp, settled) - to_nanoseconds(OLDEST_READING) if final else start
    poured = readings.gain(start, settled, needed)
    spilt = np.array([state.spilled_volume for state in states], float)
    spilled = Readings.of(stamps, spilt).gain(start, settled, needed)
    error = poured - goal.target_volume
    relative = abs(error) / goal.target_volume
    left = poured + spilled
    spill_fraction = spilled / left if left > 0 else spilled * 0.0
    estimates = [item.estimated_volume for item in own if np.isfinite(item.estimated_volume)]
    last = final or (own[-1] if own else goal)
    return PourMetrics(
        target_ml=goal.target_volume * 1e6,
        poured_ml=poured * 1e6,
        relative_error=relative,
        error_ml=error * 1e6,
        spilled_ml=spilled * 1e6,
        spill_fraction=spill_fraction,
        # A scale does not measure spillage; then the volume alone decides.
        success=bool(
            relative <= MAX_ERROR + ROUNDING and not spill_fraction > MAX_SPILL + ROUNDING
        ),
        estimated_ml=estimates[-1] * 1e6 if estimates else float("nan"),
        duration=to_seconds(last.stamp - goal.stamp),
        outcome=str(final.outcome.value) if final else "unfinished",
        reason=final.reason if final else "",
    )


def listener_floor(states: Sequence[LiquidState], volume: float, cents: float = 50.0) -> float:
    """Volume error [m^3] at `volume` [m^3] of a listener with a pitch error of ±`cents`.

    A quarter-wave column resonates at f = c / 4(L + e), so the relative error of L + e is that of
    the pitch; times the surface area it is a volume. NaN if the pour never came near `volume`.
    """
    levels = np.array([state.target_level for state in states], float)
    volumes = np.array([state.target_volume for state in states], float)
    frequencies = np.array([state.resonance_frequency for state in states], float)
    usable = (frequencies > 0) & np.isfinite(frequencies) & (volumes > 0)
    levels, volumes, frequencies = levels[usable], volumes[usable], frequencies[usable]
    if len(volumes) < 2 or not volumes.min() <= volume <= 1.1 * volumes.max():
        return float("nan")
    _, keep = np.unique(levels, return_index=True)
    if len(keep) < 2:
        return float("nan")
    area = np.gradient(volumes[keep], levels[keep])
    at = int(np.argmin(np.abs(volumes[keep] - volume)))
    length = SPEED_OF_SOUND / (4.0 * frequencies[keep][at])
    return float(area[at] * length * (2.0 ** (cents / 1200.0) - 1.0))


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Many pours: each metric with its confidence interval; `unknown` pours were not measured.

    `overfill` and `underfill` are the mean relative excess and shortfall, `absolute_error_ml` is a
    median.
    """

    pours: int
    unknown: int
    nmae: Estimate
    success_rate: Estimate
    spill_fraction: Estimate
    overfill: Estimate
    underfill: Estimate
    absolute_error_ml: Estimate
    duration: Estimate

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


def aggregate(pours: Sequence[PourMetrics]) -> Aggregate:
    """Metrics over several pours."""
    signed = np.array([pour.error_ml / pour.target_ml for pour in pours], float)
    return Aggregate(
        pours=len(pours),
        unknown=sum(not pour.known for pour in pours),
        nmae=estimate([pour.relative_error for pour in pours]),
        success_rate=estimate([pour.success if pour.known else np.nan for pour in pours]),
        spill_fraction=estimate([pour.spill_fraction for pour in pours]),
        overfill=estimate(np.maximum(signed, 0.0)),
        underfill=estimate(np.maximum(-signed, 0.0)),
        absolute_error_ml=estimate([abs(pour.error_ml) for pour in pours], median=True),
        duration=estimate([pour.duration for pour in pours]),
    )
