"""What would have been poured, had the flow begun at this tilt or that.

Geometry and measured tilt say how a known vessel empties once its content is known, and the tilt at
which its flow begins tells the content. The network has only to recognise which beginning fits what
it sees and hears.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.catalogue import liquids
from multigen_core.world.tilted_volume import volume_table
from multigen_core.world.vessel import Vessel
from multigen_core.world.wetting import Wetting
from multigen_policy.classical.draining import DISCHARGE, RIM, Draining

ONSETS = np.arange(0.15, 2.1, 0.03)
"""Tilts at which the flow may begin [rad], (K,)."""
UNKNOWN = np.zeros((len(ONSETS), 2), np.float32)
"""What is told of a vessel that is not known."""
VOLUME_UNIT, FLOW_UNIT = 100.0, 30.0
"""Units of what is told [ml], [ml/s]."""


class Onsets:
    """Follows one pour of a known vessel under the hypotheses ONSETS, with a usual lip and water.

    Each hypothesis begins with the content that reaches, at its tilt, the head which a dry lip
    holds back.
    """

    def __init__(self, vessel: Vessel) -> None:
        wetting = Wetting.of(vessel, liquids()["water"], sum(RIM) / 2)
        table = volume_table(vessel)
        content = [table.volume(wetting.starting_head(tilt), tilt) for tilt in ONSETS.tolist()]
        discharge = sum(DISCHARGE) / 2
        self._draining = Draining(vessel, content, discharge, wetting.stopping_head)
        self._poured = np.zeros(len(ONSETS))
        self._largest = -math.inf

    def follow(self, tilt: float, seconds: float) -> NDArray[np.float32]:
        """Poured volumes and flows (K, 2) after the tilt has come to `tilt` [rad] in `seconds`."""
        draining = self._draining
        draining.tilt = 0.5 * (draining.tilt + tilt) if math.isfinite(self._largest) else tilt
        self._poured += draining.step(seconds, self._largest >= ONSETS)
        draining.tilt = tilt
        self._largest = max(self._largest, tilt)
        flow = np.where(self._largest >= ONSETS, draining.flow(), 0.0)
        told = [self._poured * 1e6 / VOLUME_UNIT, flow * 1e6 / FLOW_UNIT]
        return np.stack(told, -1).astype(np.float32)
