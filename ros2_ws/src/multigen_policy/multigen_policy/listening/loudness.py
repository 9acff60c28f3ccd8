"""What the loudness of a pour tells of its flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREAD = 7.0
"""Standard deviation of a level about that which the flow gives [dB]; real pours have 6 to 8."""
MEMORY = 0.2
"""How long such a deviation lasts [s]."""
DRIFT = 1.0
"""Of the gain [dB/sqrt(s)]: the sound fades as the vessel fills, by more than the jet tells."""
_UNKNOWN = 1e3
"""Standard deviation of the gain before anything is heard [dB]."""
_LEAST = 0.5e-6
"""A flow below this is not told from none [m^3/s]."""
_LIP = 0.04
"""Height of the lip above the rim [m]."""


class Loudness:
    """A pour's level by P accounts of its flow, but for a gain that each account learns.

    Sound is taken to follow the power of the jet, ρ Q v² / 2 with v² = 2 g h for a fall h. Changes
    of the flow then tell the accounts apart, above all whether a pour begins as a gush or a
    trickle; how loud the whole is tells nothing.
    """

    def __init__(self, count: int) -> None:
        self._gain = np.zeros(count)
        self._variance = _UNKNOWN**2

    def score(self, level: float, flow: Floats, air: Floats, seconds: float) -> Floats:
        """Log likelihoods (P,) of a `level` [dB] heard for `seconds`.

        Args:
            level: of the splash.
            flow: by each account [m^3/s], (P,).
            air: column above the surface [m], (P,).
            seconds: since the last.
        """
        expected = 10 * np.log10(np.maximum(flow, _LEAST) * (air + _LIP)) + self._gain
        noise = SPREAD**2 * MEMORY / seconds
        total = self._variance + noise
        surprise = level - expected
        self._gain = self._gain + self._variance / total * surprise
        self._variance = self._variance * noise / total + DRIFT**2 * seconds
        return np.asarray(-0.5 * surprise**2 / total)

    def select(self, chosen: NDArray[np.intp]) -> None:
        """Go on with the accounts of these indices."""
        self._gain = self._gain[chosen]
