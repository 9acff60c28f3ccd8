"""Statistics of features, as LeRobot's policies normalise by them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
EVERY = 4
"""Of the pixels of a picture, every fourth of every fourth row counts."""


def statistics(values: NDArray[Any]) -> dict[str, list[Any]]:
    """Statistics over the rows of `values` (N, D), D of each and `count`."""
    values = values.astype(np.float64)
    return {
        "min": values.min(axis=0).tolist(),
        "max": values.max(axis=0).tolist(),
        "mean": values.mean(axis=0).tolist(),
        "std": values.std(axis=0).tolist(),
        "count": [len(values)],
        **{name: np.quantile(values, share, axis=0).tolist() for name, share in QUANTILES.items()},
    }


class PictureStatistics:
    """Statistics of the colours of pictures, red, green and blue, as shares of 255."""

    def __init__(self) -> None:
        self._counts = np.zeros((3, 256), np.int64)
        self._pictures = 0

    def add(self, bgr: NDArray[np.uint8]) -> None:
        """Count a picture (H, W, 3)."""
        for channel, count in enumerate(self._counts):
            values = bgr[::EVERY, ::EVERY, 2 - channel].ravel()
            count += np.bincount(values, minlength=256)
        self._pictures += 1

    def result(self) -> dict[str, list[Any]]:
        """Statistics of shape (3, 1, 1) each and `count`."""
        found: dict[str, list[Any]] = {"count": [self._pictures]}
        for count in self._counts:
            levels = np.arange(256) / 255
            present = levels[count > 0]
            mean = np.average(levels, weights=count)
            variance = np.average((levels - mean) ** 2, weights=count)
            below = np.cumsum(count) / count.sum()
            channel = {
                "min": present[0], "max": present[-1], "mean": mean, "std": np.sqrt(variance),
                **{name: levels[np.searchsorted(below, q)] for name, q in QUANTILES.items()},
            }  # fmt: skip
            for name, value in channel.items():
                found.setdefault(name, []).append([[float(value)]])
        return found
