"""Likelihood of a flow given the loudness of the pour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREAD = 7.0
"""Standard deviation of the level around the one predicted from the flow [dB]; real: 6 to 8."""
MEMORY = 0.2
"""Correlation time of that deviation [s]."""
DRIFT = 1.0
"""Random walk of the gain [dB/sqrt(s)]: sound fades with fill by more than the jet explains."""
_UNKNOWN = 1e3
"""Prior standard deviation of the gain [dB]."""
_LEAST = 0.5e-6
"""Flows below this are indistinguishable from none [m^3/s]."""
_LIP = 0.04
"""Height of the lip above the rim [m]."""


class Loudness:
    """Level of a pour under P hypotheses of its flow; each hypothesis learns its own gain.

    Sound power is assumed to follow the power of the jet, ρ Q v² / 2 with v² = 2 g h for a fall h.
    Changes of the flow then separate the hypotheses, above all whether a pour starts as a gush or
    a trickle; absolute loudness carries no information.
    """

    def __init__(self, count: int) -> None:
        self._gain = np.zeros(count)
        self._variance = _UNKNOWN**2

    def score(self, level: float, flow: Floats, air: Floats, seconds: float) -> Floats:
        """Log-likelihoods (P,) of a `level` [dB] heard for `seconds`.

        Args:
            level: of the splash.
            flow: under each hypothesis [m^3/s], (P,).
            air: column above the surface [m], (P,).
            seconds: since the last call.
        """
        expected = 10 * np.log10(np.maximum(flow, _LEAST) * (air + _LIP)) + self._gain
        noise = SPREAD**2 * MEMORY / seconds
        total = self._variance + noise
        surprise = level - expected
        self._gain = self._gain + self._variance / total * surprise
        self._variance = self._variance * noise / total + DRIFT**2 * seconds
        return np.asarray(-0.5 * surprise**2 / total)

    def select(self, chosen: NDArray[np.intp]) -> None:
        """Keep the hypotheses with these indices."""
        self._gain = self._gain[chosen]
