"""Banks of resonators whose frequencies move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_audio.physical.grid import Floats


class ResonatorBank:
    """Parallel complex one-poles y[n] = a y[n-1] + x[n], of which the real part is heard.

    The pole a = exp((i 2 pi f - pi b) / rate) may move from block to block: the state is a complex
    amplitude, so it neither clicks nor becomes unstable. Scaled so that white noise of variance 1
    gives variance 1.
    """

    def __init__(self, modes: int, sample_rate: int) -> None:
        self._rate = sample_rate
        self._state = np.zeros(modes, np.complex128)

    def clear(self) -> None:
        """Stop ringing."""
        self._state[:] = 0.0

    def filter(
        self, excitation: Floats, gain: Floats, frequency: Floats, bandwidth: Floats
    ) -> Floats:
        """Sound of one batch.

        Args:
            excitation: (N, size), N blocks.
            gain: (M, N) of M modes; a mode at or above 0.47 of the sample rate is silent.
            frequency: (M, N) [Hz].
            bandwidth: (M, N) [Hz] between the half-power points.

        Returns:
            (N, size), the sum over modes.
        """
        modes, blocks = frequency.shape
        audible = frequency < 0.47 * self._rate
        bandwidth = np.minimum(bandwidth, 0.1 * self._rate)
        pole = np.exp((2j * frequency * audible - bandwidth) * (np.pi / self._rate))
        scale = gain * audible * np.sqrt(2.0 * (1.0 - np.abs(pole) ** 2))
        size = excitation.shape[1]
        shape = (modes, blocks, size)
        powers = np.cumprod(np.broadcast_to(pole[..., None], shape), axis=2)
        inverse = np.cumprod(np.broadcast_to(1.0 / pole[..., None], shape), axis=2)
        inverse *= scale[..., None] * excitation
        ringing = np.cumsum(inverse, axis=2)
        before = self._carry(powers[..., -1], powers[..., -1] * ringing[..., -1])
        ringing += before[..., None]
        ringing *= powers
        return np.asarray(ringing.real.sum(axis=0))

    def _carry(
        self, decay: NDArray[np.complex128], grown: NDArray[np.complex128]
    ) -> NDArray[np.complex128]:
        """The state before each block, (M, N)."""
        before = np.empty_like(grown)
        for block in range(decay.shape[1]):
            before[:, block] = self._state
            self._state = decay[:, block] * self._state + grown[:, block]
        return before
