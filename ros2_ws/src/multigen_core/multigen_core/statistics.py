"""Confidence intervals without assumptions about the distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean (or median) of `count` values with its 95 % interval; NaN bounds below two."""

    value: float
    low: float
    high: float
    count: int


def estimate(values: ArrayLike, median: bool = False) -> Estimate:
    """Percentile bootstrap of the finite `values`; the same values give the same interval."""
    data = np.asarray(values, float)
    data = data[np.isfinite(data)]
    nan = float("nan")
    if not len(data):
        return Estimate(nan, nan, nan, 0)
    statistic = np.median if median else np.mean
    if len(data) < 2:
        return Estimate(float(statistic(data)), nan, nan, len(data))
    rng = np.random.default_rng(0)
    drawn = data[rng.integers(len(data), size=(RESAMPLES, len(data)))]
    low, high = np.quantile(statistic(drawn, axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(float(statistic(data)), float(low), float(high), len(data))


def interval(figure: Estimate, form: str, unit: str = "") -> str:
    """A value with its interval, such as 0.08 (95 %: 0.05 … 0.11, n = 30)."""
    if not figure.count:
        return "–"
    return f"{figure.value:{form}}{unit} ({bounds(figure, form, unit)})"


def bounds(figure: Estimate, form: str, unit: str = "") -> str:
    """The interval alone."""
    if figure.low != figure.low:
        return f"n = {figure.count}"
    return f"95 %: {figure.low:{form}} … {figure.high:{form}}{unit}, n = {figure.count}"


def known(value: float | None, form: str, unit: str = "") -> str:
    """A number as text, a dash for None and NaN."""
    return "–" if value is None or value != value else f"{value:{form}}{unit}"
