"""Noise of jet and splash: white noise with flutter and bursts."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.signal import lfilter

from multigen_audio.physical.events import Poisson
from multigen_audio.physical.grid import BLOCKS_PER_SECOND, Floats

_BURST_RATE = 30.0
_BURST_DECAY = 0.007
_BURST_SPREAD = 0.6
_SWELL_DECAY = 0.05
_STEADY = 0.6
_FLUTTER_RATE = 6.0
_FLUTTER = 0.25


class Splash:
    """Unit noise with the texture of a splash, about variance 1 before its bursts."""

    def __init__(self, rngs: tuple[Generator, Generator, Generator], sample_rate: int) -> None:
        self._noise, self._slow, bursts = rngs
        self._rate = sample_rate
        self._bursts = Poisson(bursts, draws=1)
        self._decay = np.exp(-1.0 / (_BURST_DECAY * sample_rate))
        self._swell_decay = np.exp(-1.0 / (_SWELL_DECAY * sample_rate))
        self._slowness = np.exp(-2 * np.pi * _FLUTTER_RATE / BLOCKS_PER_SECOND)
        self.clear()

    def clear(self) -> None:
        """Forget bursts and flutter, not the random numbers already drawn."""
        self._burst_state = np.zeros(1)
        self._swell_state = np.zeros(1)
        self._flutter_state = np.zeros(1)
        self._flutter = 0.0

    def render(self, blocks: int, size: int, thumps: Floats) -> Floats:
        """(blocks, size) of noise; each impulse in `thumps` (blocks * size,) makes it swell."""
        position, draw = self._bursts.take(np.full(blocks, _BURST_RATE), 1.0 / BLOCKS_PER_SECOND)
        impulses = np.zeros(blocks * size)
        np.add.at(impulses, (position * size).astype(int), np.exp(_BURST_SPREAD * draw[:, 0]))
        bursts, self._burst_state = lfilter(
            [1.0], [1.0, -self._decay], impulses, zi=self._burst_state
        )
        swell, self._swell_state = lfilter(
            [1.0], [1.0, -self._swell_decay], thumps, zi=self._swell_state
        )
        innovation = np.sqrt(1 - self._slowness**2) * self._slow.standard_normal(blocks)
        flutter, self._flutter_state = lfilter(
            [1.0], [1.0, -self._slowness], innovation, zi=self._flutter_state
        )
        edges = np.concatenate([[self._flutter], flutter])
        self._flutter = float(flutter[-1])
        ramp = edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(size) / size)
        noise = self._noise.standard_normal(blocks * size).reshape(blocks, size)
        loudness = (_STEADY + bursts + swell).reshape(blocks, size) * np.exp(_FLUTTER * ramp)
        return np.asarray(noise * loudness)
