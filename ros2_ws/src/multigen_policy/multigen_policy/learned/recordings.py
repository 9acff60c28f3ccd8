"""The learned policy's perception on recordings: fill from sound, pictures or both."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_policy.learned.audiovisual import Brain
from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.inputs import BANDS, STATE, Inputs
from multigen_policy.learned.onsets import UNKNOWN
from multigen_policy.listening.spectrum import Floats

EVERY = 5
"""Spectra per step of the network."""
_SEES, _HEARS = STATE.index("sees"), STATE.index("hears")

Pictures = NDArray[np.uint8]


@lru_cache(maxsize=1)
def _brain(folder: Path) -> Brain:
    return Brain(folder)


def fill_of(
    folder: Path, spectra: Floats | None, pictures: Pictures | None = None, count: int = 0
) -> tuple[Floats, Floats]:
    """Fill and its standard deviation, (N,) each, one every PERIOD.

    Nothing else is told: neither station nor arm nor goal.

    Args:
        folder: of the policy's weights.
        spectra: (N, BANDS) [dB], one every PERIOD; None: deaf.
        pictures: (N // EVERY, H, W, 3) of the vessel; None: blind.
        count: N where there are no spectra.
    """
    brain = _brain(folder)
    brain.reset()
    count = count if spectra is None else len(spectra)
    fill, error = np.zeros(count), np.full(count, 0.3)
    for step in range(count // EVERY):
        state = np.zeros(len(STATE), np.float32)
        state[_SEES], state[_HEARS] = pictures is not None, spectra is not None
        now = slice(step * EVERY, (step + 1) * EVERY)
        heard = np.zeros((0, BANDS)) if spectra is None else spectra[now]
        crop = whole = None
        if pictures is not None:
            crop, whole = fitted(pictures[step], CROP), fitted(pictures[step], WHOLE)
        told = brain.step(Inputs(heard.astype(np.float32), crop, whole, state, UNKNOWN))
        fill[now.start :], error[now.start :] = told.fill, told.fill_error
    return np.clip(fill, 0.0, 1.0), error


def fitted(picture: Pictures, size: tuple[int, int]) -> Pictures:
    """A picture scaled to fit the rows of `size`, and centred on its columns."""
    rows, columns = size
    height, width = picture.shape[:2]
    scaled = max(1, round(width * rows / height))
    small = cv2.resize(picture, (scaled, rows), interpolation=cv2.INTER_AREA)
    whole = np.zeros((rows, columns, 3), np.uint8)
    left, taken = (columns - scaled) // 2, min(columns, scaled)
    cut = max(0, -left)
    whole[:, max(0, left) : max(0, left) + taken] = small[:, cut : cut + taken]
    return whole


def frames_at(video: Path, moments: Floats) -> Pictures:
    """The frames (M, H, W, 3) of a video at `moments` (M,) [s].

    Raises:
        MultigenError: the video cannot be read.
    """
    source = cv2.VideoCapture(str(video))
    rate = source.get(cv2.CAP_PROP_FPS) or 15.0
    frames = []
    while True:
        there, frame = source.read()
        if not there:
            break
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    source.release()
    if not frames:
        raise MultigenError(f"{video}: cannot be read as a video")
    chosen = np.clip((moments * rate).astype(int), 0, len(frames) - 1)
    return np.stack([frames[index] for index in chosen]).astype(np.uint8)
