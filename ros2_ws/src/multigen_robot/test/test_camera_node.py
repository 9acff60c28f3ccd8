import numpy as np
import pytest

from multigen_core import contract
from multigen_core.ros.endpoints import subscribe
from multigen_core.types import to_seconds

CALIBRATION = """\
image_width: 320
image_height: 240
camera_matrix: {rows: 3, cols: 3, data: [300, 0, 160, 0, 300, 120, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, 0, 0, 0, 0]}
"""


class Eye:
    """What arrives of a camera."""

    def __init__(self, node):
        self.node = node
        self.images, self.infos, self.jpegs = [], [], []
        subscribe(node, contract.IMAGE, self.images.append)
        subscribe(node, contract.CAMERA_INFO, self.infos.append)


@pytest.fixture
def eye(peer):
    return Eye(peer)


def test_pictures_come_with_their_calibration(
    start_node, eye, video, tmp_path, wait, index_of, health
):
    (tmp_path / "cal.yaml").write_text(CALIBRATION)
    process = start_node(
        "multigen_robot",
        "camera",
        video_device=video(),
        image_width=0,
        image_height=0,
        camera_info_url=f"file://{tmp_path / 'cal.yaml'}",
        capture_latency=0.5,
    )
    wait(lambda: len(eye.images) > 10 and len(eye.infos) > 10, "pictures")
    now = eye.node.get_clock().now().nanoseconds
    image = eye.images[-1]
    assert image.rgb.shape == (120, 160, 3)
    assert image.frame_id == contract.CAMERA_FRAME
    assert to_seconds(now - image.stamp) > 0.5
    indices = [index_of(frame.rgb) for frame in eye.images]
    assert len(set(indices)) > 5
    calibration = eye.infos[-1].calibration
    assert (calibration.width, calibration.height) == (160, 120)
    np.testing.assert_allclose(calibration.matrix[0, 0], 150.0)
    assert calibration.distortion[0] == 0.1
    subscribe(eye.node, contract.IMAGE_COMPRESSED, eye.jpegs.append)
    wait(lambda: eye.jpegs, "a compressed picture")
    assert eye.jpegs[0].rgb.shape == (120, 160, 3)
    wait(lambda: health.message("/camera") == "delivering", "good health")
    assert process.end() == 0
    assert "Traceback" not in process.output


def test_a_lost_stream_shows_in_diagnostics_and_comes_back(start_node, eye, mjpeg, wait, health):
    server = mjpeg()
    process = start_node(
        "multigen_robot", "camera", video_device=server.url, image_width=0, image_height=0
    )
    wait(lambda: len(eye.images) > 5, "pictures")
    wait(lambda: "assuming a 60° field of view" in health.message("/camera"), "the warning")
    server.stop()
    wait(lambda: health.level("/camera") == b"\x02", "the error")
    count = len(eye.images)
    mjpeg(server.port)
    wait(lambda: len(eye.images) > count + 5, "pictures again")
    wait(lambda: health.value("/camera", "reconnects") == 1, "the count")
    assert process.end() == 0


def test_an_absent_camera_is_reported_and_waited_for(start_node, health, wait):
    process = start_node("multigen_robot", "camera", video_device="/dev/video77")
    wait(lambda: "/dev/video77: no such camera" in health.message("/camera"), "the error")
    assert process.child.poll() is None
    assert process.output.count("no such camera") == 1
    assert process.end() == 0


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"video_device": "/no/such/video.mp4"}, "no such file"),
        ({"camera_info_url": "/no/such.yaml"}, "/no/such.yaml"),
        ({"pixel_format": "bayer"}, "pixel_format"),
        ({"use_sim_time": True}, "wall time"),
    ],
)
def test_wrong_parameters_end_the_node_with_one_line(start_node, parameters, word):
    start_node("multigen_robot", "camera", **parameters).refuses(word)
