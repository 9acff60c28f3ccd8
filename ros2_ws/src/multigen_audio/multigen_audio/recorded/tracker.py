"""Tracks the air column's resonance in a recording of a known vessel by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import stft

from multigen_audio.physical.grid import Floats
from multigen_core.world.acoustics import Resonator, cents
from multigen_core.world.vessel import Vessel

HOP = 0.032
"""Between frames [s]."""
STEP = 20.0
"""Between candidates [cents]."""
_WINDOW = 0.128
_NARROW, _WIDE = 80.0, 800.0
"""Half widths [cents] of the band that holds the ridge and of its neighbourhood."""
_BELOW, _ABOVE, _HIGHEST = 0.85, 1.1, 3500.0
"""Search from and to these multiples of the model's empty and brimful vessel, and below [Hz]."""
_SMOOTH = 3.0
_OVERTONE = 0.5
_LOUDNESS = 0.1
_DOWN = 4.0
_UP = np.array([0.0, 0.05, 0.4, 0.9, 1.6])
"""Cost [dB] of a fall by one candidate and of rises by 0, 1, … between frames."""
_START, _START_COST = 350.0, 0.05
"""Clips begin nearly empty: [cents] above the empty vessel that are free, cost beyond [dB/cent]."""
_CONFIDENT = 3.0
_CONFIDENCE_SMOOTH = 8.0
_SLOWEST, _FASTEST = 20.0, 1200.0
"""Rise [cents/s] below which a ridge is a hum, above which the path seeks a lost one."""
_SLOPE_SPAN = 0.8


@dataclass(frozen=True)
class Track:
    """One recording's resonance, frame by frame, (N,) each."""

    time: Floats
    """Of the frames' middle [s]."""
    frequency: Floats
    """[Hz]"""
    confidence: Floats
    """How far the ridge stands out of its neighbourhood [dB]."""
    heard: NDArray[np.bool_]
    """Where the ridge is trusted: it stands out and rises like a filling vessel's."""


def track(sound: Floats, sample_rate: int, vessel: Vessel) -> Track:
    """The strongest path that rises, apart from small falls, in the air column's range.

    A candidate's score is the level of a narrow band over its neighbourhood's, less its median over
    the recording, which takes steady lines away, plus part of the same at the model's second mode.

    Args:
        sound: (N,), a whole pour.
        sample_rate: [Hz].
        vessel: what is filled; its size need only be right within 15 %.
    """
    resonator = Resonator(vessel)
    empty, full = (float(resonator.frequency(level)) for level in (0.0, vessel.height))
    lowest = empty * _BELOW
    highest = min(full * _ABOVE, _HIGHEST, 0.45 * sample_rate)
    count = max(int(cents(highest, lowest) / STEP) + 1, 2)
    candidates: Floats = np.asarray(lowest * 2.0 ** (np.arange(count) * STEP / 1200.0))
    size = round(_WINDOW * sample_rate)
    hop = round(HOP * sample_rate)
    f, time, spectrum = stft(sound, sample_rate, nperseg=size, noverlap=size - hop)
    bands = _Bands(np.abs(spectrum) ** 2, float(f[1]))
    score, loudness = bands.contrast(candidates)
    modes = resonator.modes(resonator.level(candidates), 2)
    overtone = np.minimum(candidates * modes[1] / modes[0], 0.45 * sample_rate)
    score += _OVERTONE * np.clip(bands.contrast(np.asarray(overtone))[0], -4.0, 6.0)
    score += _LOUDNESS * (loudness - loudness.max(axis=0))
    start = _START_COST * np.maximum(cents(candidates, empty) - _START, 0.0)
    path = _best_path(score, start)
    frequency = np.exp2(gaussian_filter1d(np.log2(candidates[path]), _SMOOTH))
    confidence = gaussian_filter1d(score[path, np.arange(len(path))], _CONFIDENCE_SMOOTH)
    slope = _slope(cents(frequency, empty), hop / sample_rate)
    heard = (confidence > _CONFIDENT) & (slope > _SLOWEST) & (slope < _FASTEST)
    return Track(time, frequency, confidence, heard)


class _Bands:
    """Levels of bands of any width in a power spectrogram, (F, N)."""

    def __init__(self, power: Floats, resolution: float) -> None:
        self._sum = np.concatenate([np.zeros((1, power.shape[1])), np.cumsum(power, axis=0)])
        self._resolution = resolution

    def _level(self, centres: Floats, half_width: float) -> Floats:
        """Mean power [dB], smoothed in time, (C, N)."""
        factor = 2.0 ** (half_width / 1200.0)
        edges = np.concatenate([centres / factor, centres * factor]) / self._resolution + 0.5
        edges = np.clip(edges, 0, len(self._sum) - 1.001)
        index = edges.astype(int)
        rest = (edges - index)[:, None]
        total = self._sum[index] * (1 - rest) + self._sum[index + 1] * rest
        low, high = np.split(total, 2)
        widths = np.maximum(edges[len(centres) :] - edges[: len(centres)], 1e-3)
        power = np.maximum((high - low) / widths[:, None], 0.0)
        return np.asarray(10 * np.log10(gaussian_filter1d(power, _SMOOTH, axis=1) + 1e-14))

    def contrast(self, centres: Floats) -> tuple[Floats, Floats]:
        """How far narrow bands stand out of wide ones, less what does so always; their levels.

        [dB], (C, N) each.
        """
        narrow, wide = self._level(centres, _NARROW), self._level(centres, _WIDE)
        contrast = narrow - wide
        steady = np.maximum(np.median(contrast, axis=1, keepdims=True), 0.0)
        return contrast - steady, narrow


def _best_path(score: Floats, start: Floats) -> NDArray[np.intp]:
    """Candidates (N,) of the path with the highest sum of `score` (C, N) less costs (Viterbi)."""
    count = len(score)
    moves = np.arange(-1, len(_UP))
    cost = np.concatenate([[_DOWN], _UP])
    most = len(_UP) - 1
    best = score[:, 0] - start
    choices = np.empty((score.shape[1] - 1, count), np.int8)
    everywhere = np.arange(count)
    for frame in range(1, score.shape[1]):
        padded = np.pad(best, (most, 1), constant_values=-np.inf)
        options = np.stack([padded[most - move : most - move + count] for move in moves])
        options -= cost[:, None]
        choice = np.argmax(options, axis=0)
        choices[frame - 1] = choice
        best = options[choice, everywhere] + score[:, frame]
    path = [int(np.argmax(best))]
    for choice in choices[::-1]:
        path.append(path[-1] - int(moves[choice[path[-1]]]))
    return np.array(path[::-1])


def _slope(values: Floats, step: float) -> Floats:
    """Rise per second by a straight line over +-_SLOPE_SPAN around each value."""
    half = max(round(_SLOPE_SPAN / step), 1)
    offsets = np.arange(-half, half + 1)
    padded = np.pad(values, half, mode="reflect", reflect_type="odd") if len(values) > half else (
        np.pad(values, half, mode="edge")
    )  # fmt: skip
    return np.correlate(padded, offsets / (np.sum(offsets**2) * step), "valid")
