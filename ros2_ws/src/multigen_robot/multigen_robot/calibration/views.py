"""Views of the board, and why some are refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_robot.calibration.board import Board, CalibrationError

Array = NDArray[np.float64]

FEWEST = 12
"""Corners that a view needs."""
_CONTRAST = 50
"""Least difference of white and black squares [grey levels]."""
_SMALLEST = 0.15
"""Least share of the image's width that the corners must span."""
_OBLIQUE = 0.3
"""Least ratio of the scales along and across the board: about 70° from the front."""
_BLUR = 0.08
"""Greatest width of an edge relative to the side of a square."""
_SHARP_PIXELS = 4.0
"""An edge this narrow [px] is sharp, however small the squares are."""
_SAME = 0.03
"""Views whose corners differ by less than this share of the image's width are the same."""


class BadViewError(CalibrationError):
    """A view that does not serve; says why."""


@dataclass(frozen=True, eq=False)
class View:
    """Corners seen in an image.

    `pixels` (N, 2), `points` (N, 3) [m] in the board's frame, `numbers` (N,) of the corners; `size`
    of the image, width and height.
    """

    name: str
    pixels: Array
    points: Array
    numbers: NDArray[np.int64]
    size: tuple[int, int]


def read_image(path: Path) -> NDArray[np.uint8]:
    """An image file as RGB (H, W, 3).

    Raises:
        CalibrationError: it is not one.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise CalibrationError(f"{path}: not a readable image")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def find_view(image: NDArray[np.uint8], board: Board, name: str) -> View:
    """The board in an image, grey (H, W) or RGB (H, W, 3).

    Raises:
        BadViewError: it is not seen well enough; the message names the view and the reason.
    """
    grey = image
    if image.ndim == 3:
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    found, numbers, _, _ = board.detector.detectBoard(grey)
    count = 0 if numbers is None else len(numbers)
    if count < FEWEST:
        raise BadViewError(
            f"{name}: {count} corners seen, {FEWEST} needed; is the board ({board.columns}×"
            f"{board.rows}) in view, sharp, and neither covered nor in glare?"
        )
    pixels = np.asarray(found, float).reshape(-1, 2)
    which = np.asarray(numbers, np.int64).ravel()
    size = (grey.shape[1], grey.shape[0])
    view = View(name, pixels, board.corners[which], which, size)
    _check(view, grey, board)
    return view


def _check(view: View, grey: NDArray[np.uint8], board: Board) -> None:
    spanned = np.ptp(view.pixels, axis=0).max() / view.size[0]
    if spanned < _SMALLEST:
        raise BadViewError(
            f"{view.name}: the board spans {spanned:.0%} of the image; come closer, to "
            f"{_SMALLEST:.0%} or more"
        )
    along, across = _scales(view)
    if across / along < _OBLIQUE:
        raise BadViewError(f"{view.name}: seen too obliquely; turn the board to the camera")
    left, top = np.floor(view.pixels.min(axis=0)).astype(int)
    right, bottom = np.ceil(view.pixels.max(axis=0)).astype(int)
    inside = grey[top : bottom + 1, left : right + 1].astype(float)
    dark, bright = np.percentile(inside, [10, 90])
    if bright - dark < _CONTRAST:
        raise BadViewError(
            f"{view.name}: white and black differ by {bright - dark:.0f} of 255; more light, no "
            "glare"
        )
    # An edge of this width has this gradient.
    gradient = np.hypot(cv2.Sobel(inside, cv2.CV_64F, 1, 0), cv2.Sobel(inside, cv2.CV_64F, 0, 1))
    width = (bright - dark) / (np.percentile(gradient, 98) / 8)
    if width > max(_SHARP_PIXELS, _BLUR * across * board.square):
        raise BadViewError(
            f"{view.name}: blurred, edges are {width:.0f} px wide; hold the board still and focus"
        )


def _scales(view: View) -> tuple[float, float]:
    """Largest and smallest pixels per metre at the middle of the view."""
    homography, _ = cv2.findHomography(view.points[:, :2], view.pixels)
    x, y = view.points[:, :2].mean(axis=0)
    u, v, w = homography @ [x, y, 1.0]
    slope = (homography[:2, :2] - np.outer([u / w, v / w], homography[2, :2])) / w
    large, small = np.linalg.svd(slope, compute_uv=False)
    return float(large), float(small)


def is_new(view: View, others: list[View]) -> bool:
    """Whether a view differs from all others."""
    for other in others:
        _, mine, its = np.intersect1d(view.numbers, other.numbers, return_indices=True)
        if len(mine) >= FEWEST // 2:
            moved = np.linalg.norm(view.pixels[mine] - other.pixels[its], axis=1).mean()
            if moved < _SAME * view.size[0]:
                return False
    return True
