import numpy as np
import pytest

from multigen_robot.camera.source import CameraConfig, CameraError, Source


@pytest.mark.parametrize(
    ("device", "is_file", "is_url"),
    [
        ("0", False, False),
        ("/dev/video3", False, False),
        ("http://camera/stream", False, True),
        ("rtsp://camera", False, True),
        ("pour.mp4", True, False),
        ("/data/dev/pour.mp4", True, False),
    ],
)
def test_a_device_is_recognised_by_its_name(device, is_file, is_url):
    config = CameraConfig(device)
    assert (config.is_file, config.is_url) == (is_file, is_url)


@pytest.mark.parametrize(
    ("config", "word"),
    [
        (CameraConfig(""), "video_device is empty"),
        (CameraConfig("/no/such/video.mp4"), "no such file"),
        (CameraConfig("0", pixel_format="bayer"), "not one of any, yuyv, yuyv2rgb"),
    ],
)
def test_what_cannot_work_is_refused_at_once(config, word):
    with pytest.raises(CameraError, match=word):
        config.check()


def test_a_file_that_is_no_video_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no video")
    with pytest.raises(CameraError, match="not a readable video"):
        CameraConfig(str(path)).check()


def test_an_absent_camera_may_come_later_but_cannot_be_opened():
    config = CameraConfig("/dev/video77")
    config.check()
    with pytest.raises(CameraError, match="/dev/video77: no such camera; present: "):
        Source(config)
    with pytest.raises(CameraError, match="/dev/video78: no such camera"):
        Source(CameraConfig("78"))


def test_a_device_that_is_no_camera_says_what_may_be_wrong():
    with pytest.raises(CameraError, match="cannot be opened; is it in use"):
        Source(CameraConfig("/dev/null"))


def test_a_server_that_is_not_there_is_named():
    with pytest.raises(CameraError, match="no stream"):
        Source(CameraConfig("http://127.0.0.1:9/none"))


def test_a_file_is_read_in_order_and_in_rgb(video, index_of):
    source = Source(CameraConfig(str(video(count=5))))
    pictures = []
    while (rgb := source.read()) is not None:
        pictures.append(rgb)
    assert [index_of(rgb) for rgb in pictures] == [0, 1, 2, 3, 4]
    assert pictures[0].shape == (120, 160, 3)
    np.testing.assert_allclose(pictures[0][60, 100], (90, 60, 40), atol=6)
    assert source.rate == pytest.approx(20.0)
    source.close()
