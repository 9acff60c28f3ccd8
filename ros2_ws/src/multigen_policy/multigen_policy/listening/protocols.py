"""Crops and warps of recordings that make elapsed time uninformative, with their ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_policy.listening.spectrum import FREQUENCIES, PERIOD, WINDOW, Floats, spectra

SLOWEST, FASTEST = 0.4, 2.7
"""Speeds of the warp."""
_KNOT = 2.0
"""Seconds of the recording between independent warp rates."""
LATEST_START = 0.6
SHORTEST = 0.2
"""Latest start and least length of a crop, in durations of the clip."""
_BAND = (FREQUENCIES > 600) & (FREQUENCIES < 7000)
_BELOW_LOUD, _ABOVE_FLOOR = 12.0, 4.0


class Protocol(Enum):
    """Warp: the whole clip at smoothly random speed, pitch kept. Crop: random start and end."""

    WARP = "warp"
    CROP = "crop"


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Input of a listener, and the truth.

    `spectra` (N, B) one every PERIOD of the listener's time; `truth` (N,) fill fraction;
    `elapsed` (N,) listener's time [s], `moments` (N,) the recording's.
    """

    spectra: Floats
    truth: Floats
    moments: Floats

    @property
    def elapsed(self) -> Floats:
        """Times of the truth [s]."""
        return np.asarray(PERIOD * np.arange(len(self.truth)))


def onset(levels: Floats) -> float:
    """Start of the pour [s] in levels (N,) [dB] of the splash band, one every PERIOD.

    The first time from which the sound stays, for 80 % of 0.2 s, above both 12 dB below its 60th
    percentile and 4 dB above its 2nd. Not causal: labels may use the whole recording.
    """
    smooth = np.convolve(levels, np.ones(5) / 5, "same")
    threshold = max(
        np.percentile(smooth, 60) - _BELOW_LOUD, np.percentile(smooth, 2) + _ABOVE_FLOOR
    )
    above = smooth > threshold
    for index in np.flatnonzero(above[:-10]):
        if above[index : index + 10].mean() >= 0.8:
            return float(index * PERIOD)
    return 0.0


def frames_at(samples: NDArray[np.float32], moments: Floats) -> Floats:
    """Spectra (N, B) of windows centred on `moments` (N,) [s] of a sound padded with silence."""
    half = WINDOW // 2
    padded = np.concatenate([np.zeros(half, np.float32), samples, np.zeros(WINDOW, np.float32)])
    starts = np.clip(np.rint(moments * SAMPLE_RATE).astype(int), 0, len(samples))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)
    blocks = [spectra(windows[starts[i : i + 256]]) for i in range(0, len(starts), 256)]
    return np.concatenate(blocks)


def excerpt(samples: NDArray[np.float32], protocol: Protocol, rng: np.random.Generator) -> Excerpt:
    """One draw of a protocol from a recording (N,) of a pour.

    The warp moves the analysis windows instead of the sound: every spectrum is that of the original
    recording, so pitch and timbre are exact, without the phasiness of a vocoder. The logarithm of
    the speed is uniform at knots 2 s apart and linear in between.
    """
    duration = len(samples) / SAMPLE_RATE
    if protocol is Protocol.WARP:
        moments = warped(duration, rng)
    else:
        start = rng.uniform(0.0, LATEST_START) * duration
        end = rng.uniform(start + SHORTEST * duration, duration)
        moments = np.arange(start, end, PERIOD)
    return Excerpt(frames_at(samples, moments), truth_at(samples, moments), moments)


def truth_at(samples: NDArray[np.float32], moments: Floats) -> Floats:
    """Fill fraction (N,) at `moments` (N,) [s] of a recorded pour, from its length.

    v = (t - onset) / (T - onset), 0 before the onset. Assumes a steady flow and a vessel that is
    full at the end, which does not hold for every recording.
    """
    duration = len(samples) / SAMPLE_RATE
    regular = np.arange(0.0, duration, PERIOD)
    levels = 10 * np.log10((10 ** (frames_at(samples, regular)[:, _BAND] / 10)).mean(axis=1))
    began = onset(levels)
    return np.asarray(np.clip((moments - began) / (duration - began), 0.0, 1.0))


def warped(duration: float, rng: np.random.Generator) -> Floats:
    """Times in the recording [s], one every PERIOD of warped time."""
    knots = max(2, int(np.ceil(duration / _KNOT)) + 1)
    rates = rng.uniform(np.log(SLOWEST), np.log(FASTEST), knots)
    grid = np.linspace(0.0, duration, 50 * knots)
    speed = np.exp(np.interp(grid, np.linspace(0.0, duration, knots), rates))
    pace = 1.0 / speed
    taken = np.concatenate([[0.0], np.cumsum(np.diff(grid) * (pace[1:] + pace[:-1]) / 2)])
    return np.asarray(np.interp(np.arange(0.0, taken[-1], PERIOD), taken, grid))
