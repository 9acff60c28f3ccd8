"""Bubbles and drops: decaying, rising sine waves added to the stream."""

from __future__ import annotations

import numpy as np

from multigen_audio.physical.grid import Floats
from multigen_core.world.vibrations import bubble_damping, bubble_frequency

_LONGEST = 0.2
"""Length at which a bubble is cut off [s]."""
LATEST = 0.05
"""How long after the end of a batch its last bubble may begin [s]."""
_SILENT = 7.0
"""Decay, in time constants, after which a bubble is silent."""


class Bubbles:
    """Sums bubbles that may outlast the batch in which they begin."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._time = np.arange(round(_LONGEST * sample_rate)) / sample_rate
        self._tail = np.zeros(len(self._time) + round(LATEST * sample_rate))

    def clear(self) -> None:
        """Drop all bubbles that sound."""
        self._tail[:] = 0.0

    def render(
        self,
        count: int,
        starts: Floats,
        radii: Floats,
        amplitudes: Floats,
        rises: Floats,
        density: float,
        viscosity: float,
    ) -> Floats:
        """`count` samples of sound.

        f(t) = f0 (1 + rise d t): a bubble near the surface rises in pitch (van den Doel 2005).

        Args:
            count: samples in the batch.
            starts: (K,) sample, from the batch's first, at which each bubble begins; at most LATEST
                after the batch's last.
            radii: (K,) [m].
            amplitudes: (K,).
            rises: (K,), 0 for a deep bubble, 0.1 near the surface.
            density: of the liquid [kg/m^3].
            viscosity: of the liquid [Pa s].
        """
        sound = np.concatenate([self._tail, np.zeros(count)])
        frequencies = bubble_frequency(radii, density)
        decays = bubble_damping(radii, density, viscosity)
        lengths = np.minimum(_SILENT / decays * self._rate, len(self._time)).astype(int)
        heard = frequencies * (1 + 3 * rises) < 0.49 * self._rate
        for k in np.flatnonzero(heard):
            t = self._time[: lengths[k]]
            turn = 2 * np.pi * frequencies[k]
            phase = turn * t * (1 + 0.5 * rises[k] * decays[k] * t)
            start = int(starts[k])
            sound[start : start + len(t)] += amplitudes[k] * np.exp(-decays[k] * t) * np.sin(phase)
        self._tail = sound[count:].copy()
        return sound[:count]
