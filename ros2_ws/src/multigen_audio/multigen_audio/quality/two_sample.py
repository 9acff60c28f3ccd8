"""How well a classifier separates generated from real windows, on held-out vessels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from multigen_audio.quality.truth import Floats

_SHRINKAGE = 0.1


def two_sample_auc(first: Sequence[Floats], second: Sequence[Floats]) -> float:
    """Area under the ROC curve, 0.5 if nothing tells them apart, averaged over vessels.

    Fisher's linear discriminant with a shrunk covariance is fitted to all vessels but one and
    judged on that one, in turn.

    Args:
        first: embedded windows of each vessel, (N, D) each.
        second: the same of the other kind, as many vessels.
    """
    everything = np.concatenate([*first, *second])
    scale = np.maximum(everything.std(axis=0), 1e-9)
    first, second = ([windows / scale for windows in kind] for kind in (first, second))
    areas = []
    for out in range(len(first)):
        a, b = (
            np.concatenate([windows for index, windows in enumerate(kind) if index != out])
            for kind in (first, second)
        )
        within = np.concatenate([a - a.mean(axis=0), b - b.mean(axis=0)])
        covariance = within.T @ within / len(within)
        ridge = _SHRINKAGE * np.trace(covariance) / len(covariance)
        weights = np.linalg.solve(
            (1 - _SHRINKAGE) * covariance + ridge * np.eye(len(covariance)),
            a.mean(axis=0) - b.mean(axis=0),
        )
        areas.append(_area(first[out] @ weights, second[out] @ weights))
    return float(np.mean(areas))


def _area(higher: Floats, lower: Floats) -> float:
    """Probability that one of `higher` is above one of `lower` (Mann and Whitney)."""
    ranks = rankdata(np.concatenate([higher, lower]))[: len(higher)]
    above = ranks.sum() - len(higher) * (len(higher) + 1) / 2
    return float(above / (len(higher) * len(lower)))
