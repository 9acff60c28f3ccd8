"""The Fréchet distance between two sets of embedded windows."""

from __future__ import annotations

import numpy as np

from multigen_audio.quality.truth import Floats


def frechet_distance(first: Floats, second: Floats) -> float:
    """Squared distance of the normal distributions fitted to two sets, (N, D) and (M, D).

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2) (Dowson and Landau, J. Multivariate Analysis 12,
    1982). It falls with the number of windows: compare only distances of equal N.

    Raises:
        ValueError: the sets' sizes differ, or they hold fewer than two windows.
    """
    if first.shape != second.shape or len(first) < 2:
        raise ValueError(f"sets of equal size are compared, got {first.shape} and {second.shape}")
    means = first.mean(axis=0) - second.mean(axis=0)
    a, b = (np.cov(part, rowvar=False).reshape(len(means), -1) for part in (first, second))
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b @ root), 0.0)).sum()
    return float(means @ means + np.trace(a) + np.trace(b) - 2 * cross)
