"""Prepares frames for the eye's network, and validates them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_core.simulator import View
from multigen_core.types import CameraFrame

SIZES: dict[View, tuple[int, int]] = {"cutaway": (128, 160), "public": (240, 320)}
"""Height and width [px] of the views as the network knows them."""
_STRETCH = 0.02
_SMALLEST = 0.5
_BLANK = 1.0


class PictureError(MultigenError):
    """A frame is not an image of the view."""


def picture(frame: CameraFrame, view: View) -> NDArray[np.uint8]:
    """The frame's pixels at the view's size; other sizes of the same shape are resized.

    Raises:
        PictureError: not 8-bit RGB, not of the view's aspect ratio, or too small.
    """
    rgb = frame.rgb
    height, width = SIZES[view]
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise PictureError(f"frame is {rgb.dtype} {rgb.shape}, expected 8-bit RGB (H, W, 3)")
    if rgb.shape[:2] == (height, width):
        return rgb
    scale = rgb.shape[0] / height
    if scale < _SMALLEST or abs(rgb.shape[1] / (width * scale) - 1) > _STRETCH:
        raise PictureError(
            f"frame is {rgb.shape[1]}x{rgb.shape[0]}, the {view} view is {width}x{height} or a "
            f"multiple of at least {_SMALLEST}; is audio_view the camera that publishes it?"
        )
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=way), np.uint8)


class Stillness:
    """Tracks how long the image has not changed."""

    def __init__(self) -> None:
        self._shown: NDArray[np.uint8] | None = None
        self._since = 0

    def see(self, pixels: NDArray[np.uint8], stamp: int) -> int:
        """Time since the image last changed [ns]."""
        if self._shown is None or not np.array_equal(pixels, self._shown):
            self._shown, self._since = pixels, stamp
        return stamp - self._since


def blank(pixels: NDArray[np.uint8]) -> bool:
    """Whether the image is blank: all pixels nearly equal, as in black frames."""
    return float(pixels[::4, ::4].std()) < _BLANK
