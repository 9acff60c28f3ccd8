"""The camera node: images from a V4L2 camera, a video file or a network stream.

Parameter names are those of usb_cam, so both drivers accept the same file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from multigen_core import contract
from multigen_core.ros import node as ros
from multigen_core.types import CameraCalibration, CameraFrame, CameraInfo, to_seconds
from multigen_robot.camera.calibration import (
    CalibrationSizeError,
    assumed_calibration,
    fitted,
    load_calibration,
)
from multigen_robot.camera.source import FOURCC, CameraConfig
from multigen_robot.camera.stream import CameraStream
from multigen_robot.devices.device_node import DeviceNode

STALE = 1.0
"""Without a newer image than this [s] the camera hangs."""


@dataclass(frozen=True)
class CameraParameters:
    """Node parameters."""

    video_device: str = ros.parameter("/dev/video0", "Index, device, video file or URL")
    framerate: float = ros.parameter(
        30.0, "Requested images per second; 0: the device's default", 0.0, 240.0
    )
    frame_id: str = ros.parameter(contract.CAMERA_FRAME, "Frame of the images")
    image_width: int = ros.parameter(640, "Requested width [px]; 0: the device's default", 0, 8192)
    image_height: int = ros.parameter(
        480, "Requested height [px]; 0: the device's default", 0, 8192
    )
    pixel_format: str = ros.parameter("any", "Pixel format of the device", choices=tuple(FOURCC))
    camera_name: str = ros.parameter("camera", "Name of the calibration")
    camera_info_url: str = ros.parameter(
        "", "Calibration: path, file:// or package:// URL, with ${NAME}, ${ROS_HOME}"
    )
    capture_latency: float = ros.parameter(0.0, "Time from exposure to arrival [s]", 0.0, 1.0)
    loop: bool = ros.parameter(True, "Restart a video file at its end")


class CameraNode(DeviceNode):
    """Publishes images, compressed images while there are subscribers, and the calibration."""

    def __init__(self) -> None:
        super().__init__("camera")
        p = self.declare(CameraParameters)
        self._calibration = load_calibration(p.camera_info_url, p.camera_name)
        self._info: CameraCalibration | None = None
        self._uncalibrated = ""
        self._images = ros.publisher(self, contract.IMAGE)
        self._compressed = ros.publisher(self, contract.IMAGE_COMPRESSED)
        self._infos = ros.publisher(self, contract.CAMERA_INFO)
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
            self.now,
            self._deliver,
            self.report,
            p.capture_latency,
            p.frame_id,
        )
        self._diagnostics = ros.Diagnostics(self, self._health, p.video_device)

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
            self._uncalibrated = "not calibrated (camera_info_url); assuming a 60° field of view"
        except CalibrationSizeError as error:
            self._uncalibrated = f"{error}; until then assuming a 60° field of view"
        self.get_logger().warning(self._uncalibrated)
        return assumed_calibration(width, height)

    def _health(self) -> ros.Health:
        status = self._stream.status
        age = to_seconds(time.monotonic_ns() - status.arrival)
        values: dict[str, str | float | int] = {
            "frame_age": age,
            "driver_age": status.driver_age,
            "frames": status.frames,
            "drops": status.drops,
            "rate": status.rate,
            "size": f"{status.width}x{status.height}",
            "reconnects": max(0, status.connects - 1),
        }
        if status.error:
            return ros.Health.error(status.error, **values)
        if age > STALE:
            return ros.Health.error(f"no image for {age:.1f} s", **values)
        warnings = [*status.warnings, *filter(None, [self._uncalibrated])]
        if warnings:
            return ros.Health.warn("; ".join(warnings), **values)
        return ros.Health.ok("delivering", **values)

    def close(self) -> None:
        """Release the device."""
        self._stream.close()


def main() -> None:
    """Run the camera until a signal arrives."""
    ros.run(CameraNode)
