"""How much has been poured."""

from __future__ import annotations

import math

import rerun as rr

from multigen_core.contract import ESTIMATE, POUR_STATE, PROGRESS, Topic
from multigen_core.types import PourEstimate, PourProgress, PourState

VOLUMES = "volumes"
_STYLES = {
    "goal": ("goal", (150, 150, 160), 1.5),
    "low": ("estimate − σ", (255, 170, 60, 110), 1.0),
    "high": ("estimate + σ", (255, 170, 60, 110), 1.0),
    "estimate": ("estimate", (255, 170, 60), 2.5),
    "poured": ("measured", (80, 170, 255), 2.0),
    "spilled": ("spilled", (235, 80, 80), 1.5),
}


class Volumes:
    """Goal, the policy's estimate and, by the simulator or a scale, the measured volumes [ml]."""

    topics = (PROGRESS, ESTIMATE, POUR_STATE)

    def __init__(self, recording: rr.RecordingStream) -> None:
        self._recording = recording
        for name, (label, colour, width) in _STYLES.items():
            style = rr.SeriesLines(names=[label], colors=[colour], widths=[width])
            recording.log(f"{VOLUMES}/{name}", style, static=True)

    def take(self, topic: Topic, item: PourProgress | PourEstimate | PourState) -> None:
        if isinstance(item, PourProgress):
            self._plot(goal=item.target_volume)
        elif isinstance(item, PourEstimate):
            volume, error = item.poured_volume, item.poured_volume_error
            self._plot(estimate=volume, low=volume - error, high=volume + error)
        else:
            self._plot(poured=item.poured_volume, spilled=item.spilled_volume)

    def _plot(self, **volumes: float) -> None:
        for name, volume in volumes.items():
            if math.isfinite(volume):
                self._recording.log(f"{VOLUMES}/{name}", rr.Scalars(volume * 1e6))
