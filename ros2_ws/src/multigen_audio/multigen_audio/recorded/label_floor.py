"""The label floor: accuracy limit of levels from recordings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from multigen_audio.recorded.clips import Clip

ALL = "all"


@dataclass(frozen=True)
class LabelFloor:
    """How well a resonance tells the level, by the recordings' only truth, the clock.

    Medians of the absolute difference between what the tracked resonance says and a level that
    rises linearly in volume over the clip: errors of tracking, of the vessel's stated size and of
    the clock together.
    """

    cents: float
    millilitres: float


def label_floors(clips: Iterable[Clip]) -> dict[str, LabelFloor]:
    """The label floor of every container and, as ALL, their medians."""
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.recording.container, []).append(clip)
    floors = {}
    for name, own in groups.items():
        off = np.abs(np.concatenate([clip.level_error for clip in own]))
        volume = np.abs(np.concatenate([clip.volume_error for clip in own]))
        floors[name] = LabelFloor(float(np.median(off)), float(np.median(volume)) * 1e6)
    floors[ALL] = LabelFloor(
        float(np.median([floor.cents for floor in floors.values()])),
        float(np.median([floor.millilitres for floor in floors.values()])),
    )
    return floors
