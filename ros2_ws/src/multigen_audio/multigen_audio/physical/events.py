"""Poisson events that do not depend on how the stream is split into batches."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from multigen_audio.physical.grid import Floats

_DRAWN = 128


class Poisson:
    """An inhomogeneous Poisson process: an event where the integral of the rate passes a threshold.

    The gaps between thresholds are exponential; with `shape` above 1 they are gamma distributed
    with mean 1, so the events come more regularly (1 / sqrt(shape) is their relative spread).
    """

    def __init__(self, rng: Generator, draws: int = 0, shape: float = 1.0) -> None:
        self._rng = rng
        self._draws = draws
        self._shape = shape
        self._integral = 0.0
        self._thresholds = np.empty(0)
        self._normals = np.empty((0, draws))
        self._last = 0.0

    def take(self, rate: Floats, interval: float) -> tuple[Floats, Floats]:
        """Events of one batch.

        Args:
            rate: mean rate [1/s] in each of the batch's intervals, (N,).
            interval: their length [s].

        Returns:
            Positions (K,) in intervals from the batch's beginning, rising, and standard normal
            draws (K, draws) belonging to the events.
        """
        integral = np.cumsum(np.concatenate([[self._integral], rate * interval]))
        self._integral = float(integral[-1])
        while self._last < self._integral:
            gaps = self._rng.gamma(self._shape, 1.0 / self._shape, _DRAWN)
            drawn = np.cumsum(np.concatenate([[self._last], gaps]))[1:]
            self._last = float(drawn[-1])
            self._thresholds = np.concatenate([self._thresholds, drawn])
            normals = self._rng.standard_normal((_DRAWN, self._draws))
            self._normals = np.concatenate([self._normals, normals])
        count = int(np.searchsorted(self._thresholds, self._integral))
        if not count:
            return np.empty(0), np.empty((0, self._draws))
        reached, self._thresholds = self._thresholds[:count], self._thresholds[count:]
        normals, self._normals = self._normals[:count], self._normals[count:]
        interval_of = np.maximum(np.searchsorted(integral, reached) - 1, 0)
        step = integral[interval_of + 1] - integral[interval_of]
        return interval_of + (reached - integral[interval_of]) / step, normals
