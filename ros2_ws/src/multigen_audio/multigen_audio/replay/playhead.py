"""A playback position in a recording, with pitch shifting up to a semitone."""

from __future__ import annotations

import numpy as np

from multigen_audio.physical.grid import Floats
from multigen_audio.recorded.clips import Clip

BEND = 100.0
"""Most that a recording is transposed [cents]."""
_MARGIN = 4
"""Samples that must follow for interpolation."""


class Playhead:
    """Plays a clip from a frame on."""

    def __init__(self, clip: Clip, frame: int) -> None:
        self._clip = clip
        self._position = float(frame * clip.hop)
        self.off = 0.0
        """Wanted pitch less what sounds unbent, at the last step [cents]."""
        self._ratio: float | None = None

    def aim(self, pitch: float) -> None:
        """Bend towards `pitch`, log2 [Hz]."""
        frame = self._position / self._clip.hop
        here = float(np.interp(frame, np.arange(len(self._clip.pitch)), self._clip.pitch))
        self.off = 1200.0 * (pitch - here)

    def lasts(self, count: int) -> bool:
        """Whether `count` more samples of this pitch can be played and be trusted."""
        clip = self._clip
        last = self._position + count * 2 ** (BEND / 1200) + _MARGIN
        frame = int(last // clip.hop)
        return last < len(clip.samples) and frame < len(clip.usable) and bool(clip.usable[frame])

    def play(self, count: int) -> Floats:
        """The next `count` samples at unit level; zeros past the clip's end."""
        wanted = 2.0 ** (float(np.clip(self.off, -BEND, BEND)) / 1200.0)
        before = wanted if self._ratio is None else self._ratio
        self._ratio = wanted
        ratio = before + (wanted - before) * np.arange(1, count + 1) / count
        position = self._position + np.concatenate([[0.0], np.cumsum(ratio)])
        self._position = float(position[-1])
        position = position[:-1]
        gain = np.interp(
            position / self._clip.hop, np.arange(len(self._clip.gain)), self._clip.gain
        )
        return _interpolate(self._clip.samples, position) * gain


def _interpolate(samples: np.ndarray, position: Floats) -> Floats:
    """Samples at fractional positions, by Catmull and Rom's cubic."""
    whole = np.floor(position).astype(int)
    t = position - whole
    first = max(int(whole[0]) - 1, 0)
    part = samples[first : int(whole[-1]) + 3].astype(np.float64)
    missing_before = 1 if whole[0] == 0 else 0
    part = np.pad(part, (missing_before, max(int(whole[-1]) + 3 - len(samples), 0)))
    at = whole - int(whole[0])
    a, b, c, d = part[at], part[at + 1], part[at + 2], part[at + 3]
    return np.asarray(
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    )
