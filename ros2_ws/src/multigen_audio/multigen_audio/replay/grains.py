"""Recordings indexed by their tracked resonance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from multigen_audio.physical.grid import Floats
from multigen_audio.recorded.clips import Clip, usable_clips
from multigen_core.world.recordings import Recording

NEAR = 50.0
"""How far from the wanted resonance a passage may begin [cents]."""
_FEWEST = 8
"""Places to choose among where fewer lie within NEAR."""
_LONG = 12
"""Frames that a passage should last."""


@dataclass(frozen=True, eq=False)
class Grains:
    """Places in recordings, sorted by resonance."""

    clips: Sequence[Clip]
    skipped: Sequence[str]
    """Why recordings were left out, one line each."""
    _pitch: Floats = field(repr=False)
    _clip: NDArray[np.intp] = field(repr=False)
    _frame: NDArray[np.intp] = field(repr=False)

    @classmethod
    def of(
        cls, recordings: Iterable[Recording], sample_rate: int, skipped: Iterable[str] = ()
    ) -> Grains:
        """Track and index recordings, about 30 ms each.

        Raises:
            RecordingError: no resonance was heard in any.
        """
        clips, left_out = usable_clips(recordings, sample_rate, skipped)
        return cls(clips, left_out, *_index(clips))

    def __len__(self) -> int:
        return len(self._pitch)

    def pick(self, pitch: float, rng: Generator) -> tuple[Clip, int]:
        """A random place where about `pitch`, log2 [Hz], is heard: a clip and a frame.

        Places are drawn among those within NEAR, or the nearest few, more often where much of the
        clip follows.
        """
        low, high = np.searchsorted(self._pitch, [pitch - NEAR / 1200, pitch + NEAR / 1200])
        if high - low < _FEWEST:
            middle = int(np.searchsorted(self._pitch, pitch))
            around = np.arange(max(middle - _FEWEST, 0), min(middle + _FEWEST, len(self._pitch)))
            distance = np.abs(self._pitch[around] - pitch)
            places = around[np.argsort(distance, kind="stable")[:_FEWEST]]
        else:
            places = np.arange(low, high)
        lasting = np.array([self.clips[self._clip[p]].lasting[self._frame[p]] for p in places])
        weight = np.minimum(lasting, _LONG).astype(float) ** 2
        place = places[int(rng.choice(len(places), p=weight / weight.sum()))]
        return self.clips[self._clip[place]], int(self._frame[place])


def _index(clips: Sequence[Clip]) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Pitch, clip and frame of every usable place, by rising pitch."""
    frames = [np.flatnonzero(clip.usable) for clip in clips]
    pitch = np.concatenate([clip.pitch[f] for clip, f in zip(clips, frames, strict=True)])
    clip = np.repeat(np.arange(len(clips)), [len(f) for f in frames])
    order = np.argsort(pitch, kind="stable")
    return pitch[order], clip[order], np.concatenate(frames)[order]
