"""Core types survive the way into a message and back, with rclpy's messages and with rosbags'."""

import copy
import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from multigen_core import messages
from multigen_core.arm.trajectory import Trajectory
from multigen_core.bags import BagFactory
from multigen_core.ros.factory import RosFactory
from multigen_core.types import (
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
)

FACTORIES = [RosFactory(), BagFactory()]
both = pytest.mark.parametrize("factory", FACTORIES, ids=["rclpy", "rosbags"])
stamps = st.integers(0, 2**31 * 10**9 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)


def there_and_back(name, item, factory):
    return messages.decode(name, messages.encode(name, item, factory))


@both
@settings(deadline=None, max_examples=25)
@given(stamp=stamps, size=st.tuples(st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 99))
def test_images(factory, stamp, size, seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    back = there_and_back("sensor_msgs/msg/Image", CameraFrame(stamp, rgb, "camera"), factory)
    assert (back.stamp, back.frame_id) == (stamp, "camera")
    np.testing.assert_array_equal(back.rgb, rgb)


@both
def test_compressed_images_stay_alike(factory):
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    rgb = np.dstack(
        [np.tile(ramp, (48, 1)), np.full((48, 64), 40, np.uint8), np.tile(ramp[::-1], (48, 1))]
    )
    back = there_and_back("sensor_msgs/msg/CompressedImage", CameraFrame(1, rgb, ""), factory)
    assert np.abs(back.rgb.astype(int) - rgb).mean() < 3


@both
@settings(deadline=None, max_examples=25)
@given(
    stamp=stamps,
    samples=hnp.arrays(np.float32, st.integers(1, 400), elements=st.floats(-1, 1, width=32)),
)
def test_sound_within_half_a_step_of_16_bits(factory, stamp, samples):
    chunk = AudioChunk(stamp, samples, 16_000, "microphone_link")
    back = there_and_back("audio_common_msgs/msg/AudioDataStamped", chunk, factory)
    assert back.stamp == stamp
    np.testing.assert_allclose(back.samples, samples, atol=0.51 / 32767)


@both
def test_sound_beyond_full_scale_is_clipped_not_wrapped(factory):
    chunk = AudioChunk(0, np.array([1.7, -3.0], np.float32), 16_000)
    back = there_and_back("audio_common_msgs/msg/AudioDataStamped", chunk, factory)
    np.testing.assert_array_equal(back.samples, [1.0, -1.0])


@both
def test_joint_states(factory):
    state = JointState(5, ("a", "b"), np.array([0.1, -2.0]), np.array([0.0, 3.5]), "base_link")
    back = there_and_back("sensor_msgs/msg/JointState", state, factory)
    assert (back.stamp, back.names, back.frame_id) == (5, ("a", "b"), "base_link")
    np.testing.assert_array_equal(back.positions, state.positions)
    np.testing.assert_array_equal(back.velocities, state.velocities)


@both
def test_trajectories(factory):
    trajectory = Trajectory(
        ("a", "b"), np.array([0.1, 1.25]), np.arange(4.0).reshape(2, 2), np.zeros((2, 2)), 7
    )
    back = there_and_back("trajectory_msgs/msg/JointTrajectory", trajectory, factory)
    assert (back.names, back.stamp) == (trajectory.names, 7)
    for name in ("times", "positions", "velocities"):
        np.testing.assert_allclose(getattr(back, name), getattr(trajectory, name), atol=1e-9)


@both
@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("multigen_interfaces/msg/PourEstimate", PourEstimate(3, 1e-4, 2e-6, 812.5, 14.0)),
        ("multigen_interfaces/msg/PourState", PourState(3, 1e-4, 2e-4, 0.0, 0.2)),
        (
            "multigen_interfaces/msg/LiquidState",
            LiquidState(3, "beaker", "mug", "water", resonance_frequency=812.5, glug_frequency=2.0),
        ),
        (
            "multigen_interfaces/msg/PourProgress",
            PourProgress(3, "done", 1e-4, 0.9e-4, 12.5, Outcome.TIMEOUT, "too slow"),
        ),
    ],
)
def test_flat_messages_keep_every_field(factory, name, item):
    assert dataclasses.asdict(there_and_back(name, item, factory)) == dataclasses.asdict(item)


@both
def test_camera_info(factory):
    matrix = np.array([[300, 0, 160], [0, 301, 120], [0, 0, 1.0]])
    calibration = CameraCalibration(320, 240, matrix, (0.1, 0.2, 0.3, 0.4), "equidistant")
    info = CameraInfo(9, "camera", calibration)
    back = there_and_back("sensor_msgs/msg/CameraInfo", info, factory)
    assert (back.stamp, back.frame_id) == (9, "camera")
    assert (back.calibration.width, back.calibration.height) == (320, 240)
    assert back.calibration.distortion == (0.1, 0.2, 0.3, 0.4)
    assert back.calibration.model == "equidistant"
    np.testing.assert_array_equal(back.calibration.matrix, calibration.matrix)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoding": "16UC1"}, "encoding '16UC1'; expected rgb8, bgr8 or mono8"),
        ({"height": 9}, "does not fit"),
        ({"width": 0}, "does not fit"),
    ],
)
def test_an_image_that_contradicts_itself_is_refused(change, message):
    image = messages.encode(
        "sensor_msgs/msg/Image", CameraFrame(0, np.zeros((4, 6, 3), np.uint8), ""), RosFactory()
    )
    for field, value in change.items():
        setattr(image, field, value)
    with pytest.raises(messages.MessageError, match=message):
        messages.decode("sensor_msgs/msg/Image", image)


def test_bgr_and_mono_images_become_rgb():
    factory = RosFactory()
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    image = messages.encode("sensor_msgs/msg/Image", CameraFrame(0, rgb, ""), factory)
    image.encoding = "bgr8"
    np.testing.assert_array_equal(
        messages.decode("sensor_msgs/msg/Image", image).rgb, rgb[..., ::-1]
    )
    image.encoding, image.step = "mono8", 12
    np.testing.assert_array_equal(
        messages.decode("sensor_msgs/msg/Image", image).rgb[..., 1], rgb.reshape(2, 12)[:, :4]
    )


def test_velocities_may_lack_at_all_points_but_not_at_some():
    factory = RosFactory()
    good = messages.encode(
        "trajectory_msgs/msg/JointTrajectory",
        Trajectory(("a",), np.array([0.1, 0.2]), np.zeros((2, 1)), np.zeros((2, 1))),
        factory,
    )
    bare = copy.deepcopy(good)
    for point in bare.points:
        point.velocities = []
    assert messages.decode("trajectory_msgs/msg/JointTrajectory", bare).positions_only
    good.points[0].velocities = []
    with pytest.raises(messages.MessageError, match="point 0 has 0 velocities for 1 joints"):
        messages.decode("trajectory_msgs/msg/JointTrajectory", good)


@pytest.mark.parametrize("data", [b"", b"\0\0\0"])
def test_odd_or_no_bytes_are_not_sound(data):
    factory = RosFactory()
    chunk = AudioChunk(0, np.zeros(4, np.float32), 16_000)
    message = messages.encode("audio_common_msgs/msg/AudioDataStamped", chunk, factory)
    message.audio.data = factory.octets(data)
    with pytest.raises(messages.MessageError, match=f"audio of {len(data)} bytes"):
        messages.decode("audio_common_msgs/msg/AudioDataStamped", message)


def compressed(data):
    return RosFactory().new("sensor_msgs/msg/CompressedImage", format="jpeg", data=data)


@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_a_picture_that_claims_to_be_enormous_is_refused_undecoded(extension):
    data = bytearray(cv2.imencode(extension, np.zeros((48, 64, 3), np.uint8))[1].tobytes())
    size = (48).to_bytes(2, "big") + (64).to_bytes(2, "big")
    wide = {".jpg": size, ".png": b"\0\0" + size[2:] + b"\0\0" + size[:2]}[extension]
    at = bytes(data).index(wide)
    assert messages.decode("sensor_msgs/msg/CompressedImage", compressed(data)).rgb.shape[1] == 64
    data[at : at + len(wide)] = b"\x7f\xff" * (len(wide) // 2)
    with pytest.raises(messages.MessageError, match="at most 64 megapixels"):
        messages.decode("sensor_msgs/msg/CompressedImage", compressed(data))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\0\x11\x08\0\x30\0\x40", b"GIF89a"]
)
def test_what_is_no_whole_picture_is_refused(data):
    with pytest.raises(messages.MessageError, match="compressed image"):
        messages.decode("sensor_msgs/msg/CompressedImage", compressed(data))


def test_an_unknown_outcome_is_refused_by_name():
    factory = RosFactory()
    message = messages.encode(
        "multigen_interfaces/msg/PourProgress", PourProgress(1, "done", 1e-4), factory
    )
    message.outcome = "splashed"
    with pytest.raises(messages.MessageError, match="'splashed'; expected one of '', 'succeeded'"):
        messages.decode("multigen_interfaces/msg/PourProgress", message)


@both
def test_audio_info_is_stamped_with_the_time_of_its_arrival(factory):
    name, stereo = "audio_common_msgs/msg/AudioInfo", AudioInfo(5, 2, 44_100)
    message = messages.encode(name, stereo, factory)
    assert message.bitrate == 2 * 44_100 * 16
    assert messages.decode(name, message, 5) == stereo


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("sample_rate", 44_100, "16000"),
        ("channels", 2, "1"),
        ("sample_format", "F32LE", "'S16LE'"),
        ("coding_format", "mp3", "'wave'"),
    ],
)
def test_sound_in_another_format_than_the_contracts_says_how_it_differs(field, value, expected):
    assert AudioInfo(5).mismatch == ""
    given = dataclasses.replace(AudioInfo(5), **{field: value})
    assert given.mismatch == f"{field} {value!r} instead of {expected}"
