"""The ChArUco board: a chessboard whose white squares carry markers."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError

_MARKER = 0.7
"""Side of a marker relative to its square."""
_DICTIONARY = cv2.aruco.DICT_5X5_250
_MARKERS = 250
_INCH = 0.0254
_HEADER = 33
"""Length of a PNG's signature and first chunk [bytes]."""


class CalibrationError(MultigenError):
    """A calibration is not possible from what was given."""


@dataclass(frozen=True)
class Board:
    """A board of `columns` by `rows` squares of side `square` [m]; the default fits A4.

    Its frame lies in the pattern's lower left corner: x to the right, y up the page, z out of it.
    """

    columns: int = 9
    rows: int = 6
    square: float = 0.03

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 3 or self.columns * self.rows > 2 * _MARKERS:
            raise CalibrationError(
                f"a board of {self.columns}×{self.rows} squares: at least 3×3, at most "
                f"{2 * _MARKERS} squares"
            )
        if not 0.002 <= self.square <= 0.5:
            raise CalibrationError(f"squares of {self.square} m: expected 0.002 to 0.5 m")

    @property
    def size(self) -> NDArray[np.float64]:
        """Width and height [m], (2,)."""
        return self.square * np.array([self.columns, self.rows], float)

    @cached_property
    def _charuco(self) -> cv2.aruco.CharucoBoard:
        dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
        side = _MARKER * self.square
        return cv2.aruco.CharucoBoard((self.columns, self.rows), self.square, side, dictionary)

    @cached_property
    def detector(self) -> cv2.aruco.CharucoDetector:
        """Finds the inner corners of the squares."""
        return cv2.aruco.CharucoDetector(self._charuco)

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """The inner corners by their numbers, (N, 3) [m], in the board's frame."""
        down = np.asarray(self._charuco.getChessboardCorners(), float)
        return np.column_stack([down[:, 0], self.size[1] - down[:, 1], np.zeros(len(down))])

    def draw(self, dots: int) -> NDArray[np.uint8]:
        """The pattern without margin, grey (H, W), with `dots` pixels per square."""
        size = (self.columns * dots, self.rows * dots)
        return np.asarray(self._charuco.generateImage(size, marginSize=0), np.uint8)

    def png(self, dpi: int) -> bytes:
        """A PNG file with a margin that prints at the right size, because it tells its `dpi`."""
        dots = round(self.square / _INCH * dpi)
        image = np.pad(self.draw(dots), dots // 2, constant_values=255)
        data = cv2.imencode(".png", image)[1].tobytes()
        per_metre = round(dots / self.square)
        body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
        chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
        return data[:_HEADER] + chunk + data[_HEADER:]
