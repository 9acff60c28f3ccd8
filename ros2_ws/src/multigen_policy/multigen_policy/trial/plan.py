"""Which pours a trial consists of, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigen_core.errors import MultigenError


@dataclass(frozen=True, slots=True)
class PlannedPour:
    """Pour `number`, from 1: `target_ml` into the vessel called `vessel`."""

    number: int
    vessel: str
    target_ml: float

    @property
    def key(self) -> str:
        """Identifies it in the journal."""
        return f"{self.number}:{self.vessel}:{self.target_ml:g}"


def make_plan(
    vessels: Sequence[str], targets: Sequence[float], pours: int, seed: int
) -> list[PlannedPour]:
    """`pours` pours over all vessels and targets as evenly as possible, shuffled by `seed`.

    Every round contains each combination once, so a trial that ends early is still balanced, and a
    longer one starts with the same pours.

    Raises:
        MultigenError: no vessel, or a target that is not a volume.
    """
    if not vessels or not targets or pours < 1:
        raise MultigenError("a trial needs a vessel, a target and at least one pour")
    if not all(np.isfinite(target) and target > 0 for target in targets):
        raise MultigenError(f"--target-ml {targets}: expected volumes above 0")
    rng = np.random.default_rng(seed)
    choices = [(vessel, target) for vessel in vessels for target in targets]
    order: list[tuple[str, float]] = []
    while len(order) < pours:
        order += [choices[index] for index in rng.permutation(len(choices))]
    return [
        PlannedPour(number, vessel, target)
        for number, (vessel, target) in enumerate(order[:pours], 1)
    ]
