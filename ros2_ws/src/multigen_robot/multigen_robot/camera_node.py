"""The camera's node: pictures of a V4L2 camera, a video file or a network stream.

Parameters have the names of usb_cam's, so that either driver takes the same file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from rclpy.node import Node

from multigen_core import contract
from multigen_core.errors import MultigenError
from multigen_core.ros.node import (
    Diagnostics,
    Health,
    declare,
    parameter,
    publisher,
    run,
)
from multigen_core.types import CameraCalibration, CameraFrame, CameraInfo, to_seconds
from multigen_robot.camera.calibration import (
    CalibrationSizeError,
    assumed_calibration,
    fitted,
    load_calibration,
)
from multigen_robot.camera.source import FOURCC, CameraConfig
from multigen_robot.camera.stream import CameraStream

STALE = 1.0
"""A picture older than this [s] means that the camera hangs."""


@dataclass(frozen=True)
class CameraParameters:
    """What may be set of the node."""

    video_device: str = parameter("/dev/video0", "Index, device, video file or URL")
    framerate: float = parameter(30.0, "Wished pictures per second; 0: the device's", 0.0, 240.0)
    frame_id: str = parameter(contract.CAMERA_FRAME, "Frame of the pictures")
    image_width: int = parameter(640, "Wished width [px]; 0: the device's", 0, 8192)
    image_height: int = parameter(480, "Wished height [px]; 0: the device's", 0, 8192)
    pixel_format: str = parameter("any", "What the device sends", choices=tuple(FOURCC))
    camera_name: str = parameter("camera", "Name of the calibration in ~/.ros/camera_info")
    camera_info_url: str = parameter("", "Calibration: path, file:// or package:// URL")
    capture_latency: float = parameter(0.0, "From exposure to arrival [s]", 0.0, 1.0)
    loop: bool = parameter(True, "Begin a video file again at its end")


class CameraNode(Node):
    """Publishes pictures, compressed ones while someone listens, and their calibration."""

    def __init__(self) -> None:
        super().__init__("camera")
        p = declare(self, CameraParameters)
        if self.get_parameter("use_sim_time").value:
            raise MultigenError("a camera is a device on wall time: set use_sim_time false")
        self._calibration = load_calibration(p.camera_info_url, p.camera_name)
        self._info: CameraCalibration | None = None
        self._uncalibrated = ""
        self._images = publisher(self, contract.IMAGE)
        self._compressed = publisher(self, contract.IMAGE_COMPRESSED)
        self._infos = publisher(self, contract.CAMERA_INFO)
        config = CameraConfig(
            p.video_device,
            p.image_width,
            p.image_height,
            p.framerate,
            p.pixel_format,
            p.loop,
        )
        self._stream = CameraStream(
            config,
            lambda: self.get_clock().now().nanoseconds,
            self._deliver,
            self._report,
            p.capture_latency,
            p.frame_id,
        )
        self._diagnostics = Diagnostics(self, self._health, p.video_device)

    def _report(self, line: str, bad: bool) -> None:
        if bad:
            self.get_logger().error(line)
        else:
            self.get_logger().info(line)

    def _deliver(self, frame: CameraFrame) -> None:
        height, width = frame.rgb.shape[:2]
        if self._info is None or (self._info.width, self._info.height) != (width, height):
            self._info = self._calibrated(width, height)
        self._images.send(frame)
        self._infos.send(CameraInfo(frame.stamp, frame.frame_id, self._info))
        if self._compressed.subscribers:
            self._compressed.send(frame)

    def _calibrated(self, width: int, height: int) -> CameraCalibration:
        self._uncalibrated = ""
        try:
            if self._calibration is not None:
                return fitted(self._calibration, width, height)
            self._uncalibrated = "not calibrated (camera_info_url): a 60° view is assumed"
        except CalibrationSizeError as error:
            self._uncalibrated = f"{error}; until then a 60° view is assumed"
        self.get_logger().warning(self._uncalibrated)
        return assumed_calibration(width, height)

    def _health(self) -> Health:
        status = self._stream.status
        age = to_seconds(time.monotonic_ns() - status.arrival)
        values: dict[str, str | float | int] = {
            "frame_age": age,
            "frames": status.frames,
            "drops": status.drops,
            "rate": status.rate,
            "size": f"{status.width}x{status.height}",
            "reconnects": max(0, status.connects - 1),
        }
        if status.error:
            return Health.error(status.error, **values)
        if age > STALE:
            return Health.error(f"no picture for {age:.1f} s", **values)
        warnings = [*status.warnings, *filter(None, [self._uncalibrated])]
        if warnings:
            return Health.warn("; ".join(warnings), **values)
        return Health.ok("delivering", **values)

    def close(self) -> None:
        """Give the device back."""
        self._stream.close()


def main() -> None:
    """Run the camera until a signal comes."""
    run(CameraNode)
