"""Prepares images for MMAudio's two encoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_audio.mmaudio.config import WINDOW
from multigen_core.types import NANOSECONDS, CameraFrame

if TYPE_CHECKING:
    import torch

CLIP_RATE, CLIP_SIZE = 8.0, 384
SYNC_RATE, SYNC_SIZE = 25.0, 224
"""Rates [Hz] and sizes [px] of the pictures for CLIP and for Synchformer."""


def clip_and_sync(frames: Sequence[CameraFrame], start: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The window of pictures from `start` [ns] on, for both encoders, float32 on the CPU.

    CLIP's are (1, 64, 3, 384, 384) in [0, 1], squeezed to a square; Synchformer's
    (1, 200, 3, 224, 224) in [-1, 1], of the shorter side's length, cut to the middle.
    """
    import torch

    clip = [_squeezed(frame.rgb) for frame in _at_rate(frames, start, CLIP_RATE)]
    sync = [_centre(frame.rgb) for frame in _at_rate(frames, start, SYNC_RATE)]
    first, second = (
        torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)[None].float() / 255.0
        for pictures in (clip, sync)
    )
    return first, second * 2.0 - 1.0


def _at_rate(frames: Sequence[CameraFrame], start: int, rate: float) -> list[CameraFrame]:
    """At each moment of a rate the first frame that is not before it, as MMAudio's reader does."""
    stamps = np.array([frame.stamp for frame in frames])
    moments = start + np.arange(int(WINDOW * rate)) * (NANOSECONDS / rate)
    index = np.searchsorted(stamps, moments)
    return [frames[min(int(i), len(frames) - 1)] for i in index]


def _squeezed(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return _resized(rgb, CLIP_SIZE, CLIP_SIZE)


def _centre(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    scale = SYNC_SIZE / min(height, width)
    large = _resized(rgb, round(width * scale), round(height * scale))
    top, left = (large.shape[0] - SYNC_SIZE) // 2, (large.shape[1] - SYNC_SIZE) // 2
    return large[top : top + SYNC_SIZE, left : left + SYNC_SIZE]


def _resized(rgb: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Bicubic; averaged over areas where it shrinks, which bicubic alone would alias."""
    shrinks = width < rgb.shape[1] or height < rgb.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=method), np.uint8)
