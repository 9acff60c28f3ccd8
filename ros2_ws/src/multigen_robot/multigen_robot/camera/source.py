"""Image sources: a V4L2 camera, a video file or a network stream, all through OpenCV."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError

FOURCC = {
    "any": "",
    "yuyv": "YUYV",
    "yuyv2rgb": "YUYV",
    "uyvy": "UYVY",
    "uyvy2rgb": "UYVY",
    "mjpeg": "MJPG",
    "raw_mjpeg": "MJPG",
    "mjpeg2rgb": "MJPG",
    "rgb8": "RGB3",
    "mono8": "GREY",
    "mono16": "Y16 ",
    "y102mono8": "Y10 ",
}
"""usb_cam's names of pixel formats, and V4L2's. OpenCV lacks usb_cam's m4202rgb; images are always
published as rgb8."""
_TIMEOUT_MS = 3000
_OLDEST = 2.0
"""A driver's stamp that is older [s] is not on the steady clock."""

# OpenCV and FFmpeg would print their own lines on every failed attempt.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class CameraError(MultigenError):
    """The camera gives no images."""


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """Requested settings of a camera; a size or rate [Hz] of 0 leaves it to the device.

    `device`: an index, a path below /dev, a video file, or a URL (http MJPEG, rtsp).
    """

    device: str
    width: int = 0
    height: int = 0
    rate: float = 0.0
    pixel_format: str = "any"
    loop: bool = True

    @property
    def is_url(self) -> bool:
        """Whether the images come over the network."""
        return "://" in self.device

    @property
    def is_file(self) -> bool:
        """Whether the images come from a file."""
        return not (self.is_url or self.device.isdigit() or self.device.startswith("/dev/"))

    def check(self) -> None:
        """Check everything that can be checked before opening.

        Raises:
            CameraError: a setting is invalid.
        """
        if not self.device:
            raise CameraError("video_device is empty; give an index, a device, a file or a URL")
        if self.pixel_format not in FOURCC:
            raise CameraError(
                f"pixel_format {self.pixel_format!r} is not one of {', '.join(FOURCC)}"
            )
        if self.is_file:
            if not Path(self.device).is_file():
                raise CameraError(f"video_device {self.device}: no such file")
            Source(self).close()


class Source:
    """An open source. Reading blocks until there is an image."""

    def __init__(self, config: CameraConfig) -> None:
        """Open it.

        Raises:
            CameraError: it does not exist or gives no images.
        """
        device = config.device
        if config.is_url or config.is_file:
            timeouts = [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                _TIMEOUT_MS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                _TIMEOUT_MS,
            ]
            self._capture = cv2.VideoCapture(
                device, cv2.CAP_FFMPEG, timeouts if config.is_url else []
            )
        else:
            path = Path(f"/dev/video{device}" if device.isdigit() else device)
            if not path.exists():
                present = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"
                raise CameraError(f"{path}: no such camera; present: {present}")
            self._capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
            self._configure(config)
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(f"{device}: {_advice(config)}")
        self._live = not (config.is_file or config.is_url)
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or 0.0
        self.pixel_format = self._fourcc()
        self.deviations = self._deviations(config) if self._live else ()

    def _configure(self, config: CameraConfig) -> None:
        fourcc = FOURCC[config.pixel_format]
        if fourcc:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
        for key, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, config.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, config.height),
            (cv2.CAP_PROP_FPS, config.rate),
        ):
            if value:
                self._capture.set(key, value)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 2)

    def _deviations(self, config: CameraConfig) -> tuple[str, ...]:
        """Settings that the device did not accept; the size is checked in the images themselves."""
        found = []
        fourcc = FOURCC[config.pixel_format]
        if fourcc and self.pixel_format != fourcc:
            found.append(f"pixel format {self.pixel_format} instead of {fourcc}")
        if config.rate and self.rate and abs(self.rate - config.rate) > 0.05 * config.rate:
            found.append(f"{self.rate:g} Hz instead of {config.rate:g}")
        return tuple(found)

    def _fourcc(self) -> str:
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        return code.to_bytes(4, "little", signed=code < 0).decode("latin1")

    def age(self) -> float:
        """Time from the driver's stamp of the last image until now [s]; NaN without a stamp."""
        taken = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3 if self._live else 0.0
        age = time.monotonic() - taken
        return age if 0.0 <= age <= _OLDEST else float("nan")

    def read(self) -> NDArray[np.uint8] | None:
        """The next image, RGB (H, W, 3); None when there are no more."""
        good, bgr = self._capture.read()
        if not good or bgr is None:
            return None
        code = cv2.COLOR_BGR2RGB if bgr.ndim == 3 else cv2.COLOR_GRAY2RGB
        return np.asarray(cv2.cvtColor(bgr, code), np.uint8)

    def skip(self) -> bool:
        """Skip one image without decoding it."""
        return bool(self._capture.grab())

    def take_drops(self) -> int:
        """Images skipped since the last call; unknown for a live source."""
        return 0

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


def _advice(config: CameraConfig) -> str:
    if config.is_file:
        return "not a readable video"
    if config.is_url:
        return "no stream; is the address right and the server up?"
    return "cannot be opened; is it in use, or are you not in the group 'video'?"
