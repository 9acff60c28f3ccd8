import numpy as np
import pytest

from multigen_core import contract
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
        from multigen_core.ros.node import subscribe

        self.node = node
        self.images, self.infos, self.jpegs, self.health = [], [], [], []
        subscribe(node, contract.IMAGE, self.images.append)
        subscribe(node, contract.CAMERA_INFO, self.infos.append)
        subscribe(node, contract.DIAGNOSTICS, lambda array: self.health.extend(array.status))

    def status(self):
        return self.health[-1].message if self.health else ""

    def value(self, key):
        return {item.key: item.value for item in self.health[-1].values}[key]


@pytest.fixture
def eye(peer):
    return Eye(peer)


def test_pictures_come_with_their_calibration(start_node, eye, video, tmp_path, wait, index_of):
    from multigen_core.ros.node import subscribe

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
    info = eye.infos[-1]
    assert (info.width, info.height) == (160, 120)
    np.testing.assert_allclose(info.matrix[0, 0], 150.0)
    assert info.distortion[0] == 0.1
    subscribe(eye.node, contract.IMAGE_COMPRESSED, eye.jpegs.append)
    wait(lambda: eye.jpegs, "a compressed picture")
    assert eye.jpegs[0].rgb.shape == (120, 160, 3)
    wait(lambda: eye.status() == "delivering", "good health")
    assert process.end() == 0
    assert "Traceback" not in process.output


def test_a_lost_stream_shows_in_diagnostics_and_comes_back(start_node, eye, mjpeg, wait):
    server = mjpeg()
    process = start_node(
        "multigen_robot", "camera", video_device=server.url, image_width=0, image_height=0
    )
    wait(lambda: len(eye.images) > 5, "pictures")
    wait(lambda: "60° view is assumed" in eye.status(), "the warning")
    server.stop()
    wait(lambda: eye.health[-1].level == b"\x02", "the error")
    count = len(eye.images)
    mjpeg(server.port)
    wait(lambda: len(eye.images) > count + 5, "pictures again")
    wait(lambda: eye.value("reconnects") == "1", "the count")
    assert process.end() == 0


def test_an_absent_camera_is_reported_and_waited_for(start_node, eye, wait):
    process = start_node("multigen_robot", "camera", video_device="/dev/video77")
    wait(lambda: "/dev/video77: no such camera" in eye.status(), "the error")
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
    process = start_node("multigen_robot", "camera", **parameters)
    assert process.wait() == 1
    assert word in process.output
    assert "Traceback" not in process.output
