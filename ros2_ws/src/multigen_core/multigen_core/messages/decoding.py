"""From ROS messages of any implementation to core types, by attribute access alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.arm.trajectory import Trajectory
from multigen_core.contract import AUDIO_INFO, SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.messages.picture_size import picture_size
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    AudioInfo,
    CameraCalibration,
    CameraFrame,
    CameraInfo,
    JointState,
    LiquidState,
    Outcome,
    PourEstimate,
    PourProgress,
    PourState,
    field_names,
)

MAX_PIXELS = 64 * 2**20
"""Largest compressed image to decode; a damaged one may claim any size."""


class MessageError(MultigenError):
    """A message violates the contract."""


def stamp_of(message: Any) -> int:
    """A builtin_interfaces/Time in ns."""
    return int(message.sec) * NANOSECONDS + int(message.nanosec)


def _image_from(message: Any) -> CameraFrame:
    channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(message.encoding)
    if channels is None:
        raise MessageError(f"image encoding {message.encoding!r}; expected rgb8, bgr8 or mono8")
    data = np.frombuffer(message.data, np.uint8)
    height, width, step = message.height, message.width, message.step
    if not height or not width or step < channels * width or len(data) < height * step:
        raise MessageError(
            f"image of {len(data)} bytes, {width}×{height}, step {step}, does not fit its encoding"
        )
    rows = data[: height * step].reshape(height, step)[:, : channels * width]
    rgb = rows.reshape(height, width, channels)
    if message.encoding == "bgr8":
        rgb = rgb[..., ::-1]
    elif channels == 1:
        rgb = rgb.repeat(3, axis=2)
    return CameraFrame(stamp_of(message.header.stamp), rgb, message.header.frame_id)


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """A JPEG or PNG as BGR (H, W, 3).

    Raises:
        MessageError: it is neither, is too large, or cannot be decoded.
    """
    width, height = picture_size(data) or (0, 0)
    if not 0 < width * height <= MAX_PIXELS:
        raise MessageError(
            f"compressed image of {len(data)} bytes is not a JPEG or PNG "
            f"of at most {MAX_PIXELS >> 20} megapixels"
        )
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise MessageError(f"compressed image cannot be decoded ({error})") from error
    if bgr is None:
        raise MessageError(f"compressed image of {len(data)} bytes cannot be decoded")
    return np.asarray(bgr, np.uint8)


def _compressed_from(message: Any) -> CameraFrame:
    bgr = decode_picture(bytes(message.data))
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return CameraFrame(stamp_of(message.header.stamp), rgb, message.header.frame_id)


def _camera_info_from(message: Any) -> CameraInfo:
    matrix = np.array(message.k, float).reshape(3, 3)
    distortion = tuple(map(float, message.d))
    calibration = CameraCalibration(
        message.width, message.height, matrix, distortion, message.distortion_model
    )
    return CameraInfo(stamp_of(message.header.stamp), message.header.frame_id, calibration)


def _audio_from(message: Any) -> AudioChunk:
    data = np.frombuffer(message.audio.data, np.uint8)
    if not len(data) or len(data) % 2:
        raise MessageError(f"audio of {len(data)} bytes is not S16LE")
    samples = data.view("<i2").astype(np.float32) / 32767.0
    return AudioChunk(stamp_of(message.header.stamp), samples, SAMPLE_RATE, message.header.frame_id)


def _audio_info_from(message: Any, received: int) -> AudioInfo:
    return AudioInfo(received, **{name: getattr(message, name) for name in field_names(AudioInfo)})


def _joint_state_from(message: Any) -> JointState:
    names = tuple(message.name)
    positions = np.array(message.position, float)
    velocities = np.array(message.velocity, float)
    if not len(velocities):
        velocities = np.full(len(names), np.nan)
    if len(positions) != len(names) or len(velocities) != len(names):
        raise MessageError(
            f"joint state with {len(names)} names, {len(positions)} positions, "
            f"{len(velocities)} velocities"
        )
    return JointState(
        stamp_of(message.header.stamp), names, positions, velocities, message.header.frame_id
    )


def _trajectory_from(message: Any) -> Trajectory:
    joints = len(message.joint_names)
    points = message.points
    positions_only = not any(len(point.velocities) for point in points)
    for label in ("positions", "velocities"):
        for index, point in enumerate(points):
            if len(getattr(point, label)) != joints and not (
                positions_only and label == "velocities"
            ):
                raise MessageError(
                    f"trajectory point {index} has {len(getattr(point, label))} {label} "
                    f"for {joints} joints"
                )
    times = [stamp_of(point.time_from_start) / NANOSECONDS for point in points]
    return Trajectory(
        tuple(message.joint_names),
        np.array(times, float),
        np.array([p.positions for p in points], float).reshape(len(points), joints),
        np.full((len(points), joints), np.nan)
        if positions_only
        else np.array([p.velocities for p in points], float).reshape(len(points), joints),
        stamp_of(message.header.stamp),
    )


def _flat_from(cls: type) -> Callable[[Any], Any]:
    names = field_names(cls)

    def decode_flat(message: Any) -> Any:
        values = {name: getattr(message, name) for name in names}
        return cls(stamp=stamp_of(message.header.stamp), **values)

    return decode_flat


def _progress_from(message: Any) -> PourProgress:
    values = {name: getattr(message, name) for name in field_names(PourProgress)}
    try:
        values["outcome"] = Outcome(values["outcome"])
    except ValueError:
        raise MessageError(
            f"outcome {values['outcome']!r}; expected one of "
            f"{', '.join(repr(str(outcome)) for outcome in Outcome)}"
        ) from None
    return PourProgress(stamp=stamp_of(message.header.stamp), **values)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "sensor_msgs/msg/Image": _image_from,
    "sensor_msgs/msg/CompressedImage": _compressed_from,
    "sensor_msgs/msg/CameraInfo": _camera_info_from,
    "audio_common_msgs/msg/AudioDataStamped": _audio_from,
    "sensor_msgs/msg/JointState": _joint_state_from,
    "trajectory_msgs/msg/JointTrajectory": _trajectory_from,
    "multigen_interfaces/msg/LiquidState": _flat_from(LiquidState),
    "multigen_interfaces/msg/PourEstimate": _flat_from(PourEstimate),
    "multigen_interfaces/msg/PourState": _flat_from(PourState),
    "multigen_interfaces/msg/PourProgress": _progress_from,
    "std_msgs/msg/Bool": lambda message: bool(message.data),
    "std_msgs/msg/String": lambda message: str(message.data),
}


def decode(name: str, message: Any, received: int = 0) -> Any:
    """The core item in a message of type `name`; the message itself if there is none.

    `received` [ns] is the arrival or bag time; it becomes the stamp of messages without one.

    Raises:
        MessageError: the message violates the contract.
    """
    if name == AUDIO_INFO.type:
        return _audio_info_from(message, received)
    decoder = _DECODERS.get(name)
    return decoder(message) if decoder else message
