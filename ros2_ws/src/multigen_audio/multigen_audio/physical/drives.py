"""Noise of the arm's drives: a hum at rest, a whine proportional to the tilt speed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.signal import lfilter

from multigen_audio.physical.config import Motor
from multigen_audio.physical.grid import BLOCKS_PER_SECOND, Floats, Grid

_SPEED = 0.4
"""Tilting speed [rad/s] of the stated level."""
_HUM = np.array([1.0, 0.5, 0.3])
_WHINE = np.array([1.0, 0.4, 0.25, 0.15])
_SMOOTH = np.exp(-1.0 / (0.04 * BLOCKS_PER_SECOND))
_HISS = 0.4
"""Share of broad noise against the whine."""


class Drives:
    """The drives of an arm that tilts a vessel."""

    def __init__(self, motor: Motor, grid: Grid, rng: Generator) -> None:
        self._motor = motor
        self._grid = grid
        self._rng = rng
        self._phases = np.zeros(2)
        self._speed = np.zeros(1)

    def render(self, tilt: Floats) -> Floats:
        """Sound (N * size,) of tilting by (N + 1,) [rad] at the edges of N blocks."""
        motor, rate = self._motor, self._grid.sample_rate
        given = np.minimum(np.abs(np.diff(tilt)) * BLOCKS_PER_SECOND / _SPEED, 3.0)
        before = self._speed / _SMOOTH
        speed, self._speed = lfilter([1 - _SMOOTH], [1.0, -_SMOOTH], given, zi=self._speed)
        drive = self._grid.ramp(np.concatenate([before, speed])).ravel()
        hum = self._tones(0, np.full(len(drive), motor.hum / rate), _HUM)
        whine = self._tones(1, motor.whine / rate * drive, _WHINE)
        hiss = _HISS * self._rng.standard_normal(len(drive))
        return np.asarray(
            10.0 ** (motor.rest / 20) * hum
            + 10.0 ** (motor.moving / 20) * np.sqrt(drive) * (whine + hiss)
        )

    def _tones(self, voice: int, turns: Floats, weights: Floats) -> Floats:
        """Harmonics of unit level of a fundamental of `turns` per sample."""
        phase = self._phases[voice] + np.cumsum(turns)
        self._phases[voice] = phase[-1] % 1.0
        order = np.arange(1, len(weights) + 1)[:, None]
        heard = order * turns < 0.45
        tones = heard * weights[:, None] * np.sin(2 * np.pi * order * phase)
        return np.asarray(tones.sum(axis=0) * np.sqrt(2.0 / np.sum(weights**2)))
