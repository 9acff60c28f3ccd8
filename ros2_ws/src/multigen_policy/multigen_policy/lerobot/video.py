"""The pictures of pours, one after the other, as the video files of a LeRobot dataset."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError
from multigen_policy.evaluation.video import require_encoder
from multigen_policy.lerobot.layout import Place

CODEC = "h264"
_ENCODER = "libx264"
_OPTIONS = {"preset": "veryfast", "crf": "23", "g": "2", "bf": "0"}
"""A key frame at every other picture, as learners read pictures in any order."""


class Shown(NamedTuple):
    """Where a pour's pictures are: a file, and from when to when in it [s]."""

    place: Place
    begin: float
    end: float


class VideoFiles:
    """Writes pictures to a file; a file of `limit` bytes is followed by the next.

    Args:
        folder: of the dataset.
        fps: pictures per second.
        limit: size of a file that takes no more pours [bytes].
    """

    def __init__(self, folder: Path, fps: int, limit: float) -> None:
        self._folder, self._fps, self._limit = folder, fps, limit
        self._av = require_encoder()
        if _ENCODER not in self._av.codecs_available:
            raise MultigenError(
                f"this PyAV has no {_ENCODER}, which writes H.264: pip install av, whose wheels do"
            )
        self._place = Place()
        self._container: Any = None
        self._stream: Any = None
        self._count = 0

    def write(self, pictures: Iterable[NDArray[np.uint8]]) -> Shown:
        """Append the pictures of a pour, BGR (H, W, 3) with even H and W, all of the same size."""
        if self._container is not None and self._path.stat().st_size >= self._limit:
            self.close()
            self._place = self._place.following
        first = True
        begin = self._count
        for picture in pictures:
            if self._container is None:
                self._open(picture)
                begin = 0
            frame = self._av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = self._count, Fraction(1, self._fps)
            if first:
                frame.pict_type = self._av.video.frame.PictureType.I
            first = False
            self._container.mux(self._stream.encode(frame))
            self._count += 1
        return Shown(self._place, begin / self._fps, self._count / self._fps)

    @property
    def _path(self) -> Path:
        return self._folder / self._place.video

    def _open(self, picture: NDArray[np.uint8]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._container = self._av.open(str(self._path), "w", format="mp4")
        self._stream = self._container.add_stream(_ENCODER, rate=self._fps, options=_OPTIONS)
        self._stream.height, self._stream.width = picture.shape[:2]
        self._stream.pix_fmt = "yuv420p"
        self._count = 0

    def close(self) -> None:
        """Finish the file."""
        if self._container is not None:
            container, self._container = self._container, None
            try:
                if self._count:
                    container.mux(self._stream.encode(None))
            finally:
                container.close()
