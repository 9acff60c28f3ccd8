"""What the robot hears."""

from __future__ import annotations

from collections import deque

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from multigen_core.contract import AUDIO, ESTIMATE, LIQUID_STATE, Topic
from multigen_core.types import AudioChunk, LiquidState, PourEstimate, to_nanoseconds
from multigen_view.pictures import jpeg
from multigen_view.spectrogram import HOP, SECONDS, Spectrogram, row

SOUND = "sound"
_EVERY = 10 * HOP
"""Samples between pictures: five a second."""
_BREAK = to_nanoseconds(0.35)
"""A line with a longer pause is drawn in parts [ns]."""
_TICKS = (200, 400, 800, 1600, 3200)
_AXIS = (150, 150, 160)
_BELOW = 12.0
"""How far a label is below its point in the usual layout [pixels]."""
_COLOURS = {"true": (120, 240, 255), "heard": (255, 255, 255)}


class Track:
    """A frequency over the last seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, float]] = deque(maxlen=round(10 * SECONDS))

    def add(self, stamp: int, frequency: float) -> None:
        """Add a point; NaN or 0 Hz is none."""
        if frequency > 0:
            self._points.append((stamp, frequency))

    def strips(self, picture: Spectrogram) -> list[NDArray[np.float64]]:
        """The line as parts (N, 2) [pixels] on the picture."""
        if not self._points or picture.end is None:
            return []
        stamps = np.array([stamp for stamp, _ in self._points], np.int64)
        rows = row(np.array([frequency for _, frequency in self._points]))
        points = np.column_stack([picture.column(stamps), rows])
        breaks = np.flatnonzero(np.abs(np.diff(stamps)) > _BREAK) + 1
        parts = (part[part[:, 0] >= 0] for part in np.split(points, breaks))
        return [part for part in parts if len(part) > 1]


class Sound:
    """A scrolling spectrogram with the resonance that the policy hears and, simulated, the true."""

    topics = (AUDIO, ESTIMATE, LIQUID_STATE)

    def __init__(self, recording: rr.RecordingStream) -> None:
        self._recording = recording
        self._spectrogram = Spectrogram()
        self._tracks = {"true": Track(), "heard": Track()}
        self._undrawn = 0
        for name, colour in _COLOURS.items():
            style = rr.LineStrips2D.from_fields(colors=[colour], radii=rr.Radius.ui_points([1.3]))
            recording.log(f"{SOUND}/{name}_resonance", style, static=True)
        heights = [float(row(np.array(float(tick)))) for tick in _TICKS]
        ticks = [[(0.0, height), (8.0, height)] for height in heights]
        recording.log(f"{SOUND}/ticks", rr.LineStrips2D(ticks, colors=[_AXIS]), static=True)
        # The viewer writes a label below its point.
        places = [(34.0, height - _BELOW) for height in heights]
        labels = [f"{tick} Hz" for tick in _TICKS]
        named = rr.Points2D(places, labels=labels, colors=[_AXIS], radii=[0.01])
        recording.log(f"{SOUND}/axis", named, static=True)

    def take(self, topic: Topic, item: AudioChunk | PourEstimate | LiquidState) -> None:
        if isinstance(item, AudioChunk):
            self._spectrogram.push(item)
            self._undrawn += len(item.samples)
            if self._undrawn >= _EVERY:
                self._undrawn = 0
                self._draw()
        elif isinstance(item, PourEstimate):
            self._tracks["heard"].add(item.stamp, item.resonance)
        else:
            flowing = item.inflow_rate > 0
            self._tracks["true"].add(item.stamp, item.resonance_frequency if flowing else 0.0)

    def _draw(self) -> None:
        self._recording.log(f"{SOUND}/spectrogram", jpeg(self._spectrogram.picture()))
        for name, track in self._tracks.items():
            strips = track.strips(self._spectrogram)
            drawn = rr.LineStrips2D.from_fields(strips=strips)
            self._recording.log(f"{SOUND}/{name}_resonance", drawn)
