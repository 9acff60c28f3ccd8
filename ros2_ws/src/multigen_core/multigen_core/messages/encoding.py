"""From core types to ROS messages, through a factory of the implementation's classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.arm.trajectory import Trajectory
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    AudioInfo,
    CameraFrame,
    CameraInfo,
    JointState,
    PourProgress,
    field_names,
    to_nanoseconds,
)

JPEG_QUALITY = 90


class MessageFactory(Protocol):
    """Builds messages of one implementation."""

    def new(self, name: str, /, **fields: Any) -> Any:
        """A message of type `name`, such as sensor_msgs/msg/Image; other fields keep defaults."""

    def octets(self, buffer: bytes | memoryview) -> Any:
        """A value for a uint8[] field."""

    def doubles(self, values: NDArray[np.float64]) -> Any:
        """A value for a float64[] field."""


def _time(stamp: int, factory: MessageFactory) -> Any:
    sec, nanosec = divmod(stamp, NANOSECONDS)
    return factory.new("builtin_interfaces/msg/Time", sec=sec, nanosec=nanosec)


def header(stamp: int, frame_id: str, factory: MessageFactory) -> Any:
    """A std_msgs/Header."""
    return factory.new("std_msgs/msg/Header", stamp=_time(stamp, factory), frame_id=frame_id)


def _image(frame: CameraFrame, factory: MessageFactory) -> Any:
    height, width = frame.rgb.shape[:2]
    return factory.new(
        "sensor_msgs/msg/Image",
        header=header(frame.stamp, frame.frame_id, factory),
        height=height,
        width=width,
        encoding="rgb8",
        is_bigendian=0,
        step=3 * width,
        data=factory.octets(np.ascontiguousarray(frame.rgb).data.cast("B")),
    )


def _compressed_image(frame: CameraFrame, factory: MessageFactory) -> Any:
    bgr = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return factory.new(
        "sensor_msgs/msg/CompressedImage",
        header=header(frame.stamp, frame.frame_id, factory),
        format="rgb8; jpeg compressed bgr8",
        data=factory.octets(jpeg.tobytes()),
    )


def _camera_info(info: CameraInfo, factory: MessageFactory) -> Any:
    """Without rectification."""
    calibration = info.calibration
    matrix = np.asarray(calibration.matrix, float)
    projection = np.hstack([matrix, np.zeros((3, 1))])
    return factory.new(
        "sensor_msgs/msg/CameraInfo",
        header=header(info.stamp, info.frame_id, factory),
        height=calibration.height,
        width=calibration.width,
        distortion_model=calibration.model,
        d=factory.doubles(np.array(calibration.distortion, float)),
        k=matrix.ravel(),
        r=np.eye(3).ravel(),
        p=projection.ravel(),
    )


def _audio_info(info: AudioInfo, factory: MessageFactory) -> Any:
    return factory.new(
        "audio_common_msgs/msg/AudioInfo",
        bitrate=16 * info.channels * info.sample_rate,
        **_fields(info),
    )


def _audio(chunk: AudioChunk, factory: MessageFactory) -> Any:
    pcm = np.rint(np.clip(chunk.samples, -1.0, 1.0) * 32767.0).astype("<i2")
    return factory.new(
        "audio_common_msgs/msg/AudioDataStamped",
        header=header(chunk.stamp, chunk.frame_id, factory),
        audio=factory.new("audio_common_msgs/msg/AudioData", data=factory.octets(pcm.tobytes())),
    )


def _joint_state(state: JointState, factory: MessageFactory) -> Any:
    return factory.new(
        "sensor_msgs/msg/JointState",
        header=header(state.stamp, state.frame_id, factory),
        name=list(state.names),
        position=factory.doubles(state.positions),
        velocity=factory.doubles(state.velocities),
    )


def _trajectory(trajectory: Trajectory, factory: MessageFactory) -> Any:
    points = []
    for seconds, positions, velocities in zip(
        trajectory.times, trajectory.positions, trajectory.velocities, strict=True
    ):
        sec, nanosec = divmod(to_nanoseconds(float(seconds)), NANOSECONDS)
        points.append(
            factory.new(
                "trajectory_msgs/msg/JointTrajectoryPoint",
                positions=factory.doubles(positions),
                velocities=factory.doubles(velocities),
                time_from_start=factory.new(
                    "builtin_interfaces/msg/Duration", sec=sec, nanosec=nanosec
                ),
            )
        )
    return factory.new(
        "trajectory_msgs/msg/JointTrajectory",
        header=header(trajectory.stamp, "", factory),
        joint_names=list(trajectory.names),
        points=points,
    )


def _fields(item: Any) -> dict[str, Any]:
    return {field: getattr(item, field) for field in field_names(type(item))}


def _flat(name: str) -> Callable[[Any, MessageFactory], Any]:
    def encode_flat(item: Any, factory: MessageFactory) -> Any:
        return factory.new(name, header=header(item.stamp, "", factory), **_fields(item))

    return encode_flat


def _progress(item: PourProgress, factory: MessageFactory) -> Any:
    return factory.new(
        "multigen_interfaces/msg/PourProgress",
        header=header(item.stamp, "", factory),
        **{**_fields(item), "outcome": item.outcome.value},
    )


def _string(item: str, factory: MessageFactory) -> Any:
    return factory.new("std_msgs/msg/String", data=item)


def _bool(item: bool, factory: MessageFactory) -> Any:
    return factory.new("std_msgs/msg/Bool", data=item)


_ENCODERS: dict[str, Callable[[Any, MessageFactory], Any]] = {
    "sensor_msgs/msg/Image": _image,
    "sensor_msgs/msg/CompressedImage": _compressed_image,
    "sensor_msgs/msg/CameraInfo": _camera_info,
    "audio_common_msgs/msg/AudioDataStamped": _audio,
    "audio_common_msgs/msg/AudioInfo": _audio_info,
    "sensor_msgs/msg/JointState": _joint_state,
    "trajectory_msgs/msg/JointTrajectory": _trajectory,
    "multigen_interfaces/msg/LiquidState": _flat("multigen_interfaces/msg/LiquidState"),
    "multigen_interfaces/msg/PourEstimate": _flat("multigen_interfaces/msg/PourEstimate"),
    "multigen_interfaces/msg/PourState": _flat("multigen_interfaces/msg/PourState"),
    "multigen_interfaces/msg/PourProgress": _progress,
    "std_msgs/msg/Bool": _bool,
    "std_msgs/msg/String": _string,
}


def encode(name: str, item: Any, factory: MessageFactory) -> Any:
    """The message of type `name` for a core item.

    Raises:
        KeyError: there is no encoder for the type.
    """
    return _ENCODERS[name](item, factory)
