import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.errors import MultigenError
from multigen_core.types import CameraCalibration
from multigen_robot.camera.calibration import (
    CalibrationSizeError,
    assumed_calibration,
    fitted,
    load_calibration,
)

FILE = """\
image_width: 640
image_height: 480
camera_name: camera
camera_matrix:
  rows: 3
  cols: 3
  data: [600.5, 0.0, 320.25, 0.0, 601.5, 239.75, 0.0, 0.0, 1.0]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.2, 0.001, 0.002, 0.05]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
projection_matrix:
  rows: 3
  cols: 4
  data: [600.5, 0.0, 320.25, 0.0, 0.0, 601.5, 239.75, 0.0, 0.0, 0.0, 1.0, 0.0]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ost.yaml"
    path.write_text(FILE)
    return path


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_file_of_camera_calibration_is_read(file, prefix):
    calibration = load_calibration(f"{prefix}{file}", "camera")
    assert (calibration.width, calibration.height) == (640, 480)
    np.testing.assert_array_equal(
        calibration.matrix, [[600.5, 0, 320.25], [0, 601.5, 239.75], [0, 0, 1]]
    )
    assert calibration.distortion == (0.1, -0.2, 0.001, 0.002, 0.05)


def test_a_package_url_is_found_in_the_ament_index(tmp_path, monkeypatch):
    folder = tmp_path / "share" / "my_station" / "config"
    folder.mkdir(parents=True)
    (folder / "cam.yaml").write_text(FILE)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    assert load_calibration("package://my_station/config/cam.yaml", "").width == 640


def test_without_a_url_the_camera_info_managers_place_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_HOME", str(tmp_path))
    assert load_calibration("", "wrist") is None
    (tmp_path / "camera_info").mkdir()
    (tmp_path / "camera_info" / "wrist.yaml").write_text(FILE)
    assert load_calibration("", "wrist").width == 640


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("plumb_bob", "fisheye"), "'fisheye' is not one of plumb_bob, rational_polynomial, equi"),
        (("plumb_bob", "equidistant"), "equidistant has 4 coefficients, not 5"),
        (("plumb_bob", "none"), "none: coefficients must be 0"),
        (
            ("cols: 5\n  data: [0.1,", "cols: 6\n  data: [0.1, 0.3,"),
            "plumb_bob has 4 or 5 coefficients, not 6",
        ),
        (("image_width: 640", "image_width: 0"), "image_width"),
        (("[600.5, 0.0, 320.25, 0.0, 601.5", "[0.0, 0.0, 320.25, 0.0, 601.5"), "focal"),
        (("239.75, 0.0, 0.0, 1.0]", "239.75]"), "6 numbers given for 3×3"),
        (("600.5, 0.0, 320.25, 0.0, 601.5", ".nan, 0.0, 320.25, 0.0, 601.5"), "camera_matrix"),
        (("camera_matrix:", "matrix:"), "camera_matrix"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(file, change, word):
    assert change[0] in FILE
    file.write_text(FILE.replace(*change, 1))
    with pytest.raises(MultigenError, match=word) as caught:
        load_calibration(str(file), "camera")
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "given", "meant"),
    [
        ("plumb_bob", (0.1, -0.2, 0.001, 0.002), (0.1, -0.2, 0.001, 0.002, 0.0)),
        ("rational_polynomial", tuple(0.1 * n for n in range(8)), None),
        ("rational_polynomial", tuple(0.1 * n for n in range(14)), None),
        ("equidistant", (0.1, 0.2, 0.3, 0.4), None),
        ("none", (), (0.0,) * 5),
        ("none", (0.0,) * 5, (0.0,) * 5),
    ],
)
def test_every_distortion_model_of_ros_is_read_and_published(file, model, given, meant):
    text = FILE.replace("plumb_bob", model).replace("  cols: 5\n", f"  cols: {len(given)}\n")
    file.write_text(text.replace("[0.1, -0.2, 0.001, 0.002, 0.05]", str(list(given))))
    calibration = load_calibration(str(file), "camera")
    assert calibration.distortion == (meant or given)
    assert calibration.model == ("plumb_bob" if model == "none" else model)
    assert fitted(calibration, 320, 240).model == calibration.model


def test_a_url_may_name_the_camera_and_the_home_of_ros(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_HOME", str(tmp_path))
    (tmp_path / "wrist.yaml").write_text(FILE)
    assert load_calibration("file://${ROS_HOME}/${NAME}.yaml", "wrist").width == 640
    with pytest.raises(MultigenError, match=r"\$\{HOME\} is not \$\{NAME\} or \$\{ROS_HOME\}"):
        load_calibration("file://${HOME}/cal.yaml", "wrist")


@pytest.mark.parametrize("url", ["/no/such.yaml", "file:///no/such.yaml", "http://x/y.yaml"])
def test_a_missing_file_is_an_error(url):
    with pytest.raises(MultigenError):
        load_calibration(url, "camera")


def test_another_resolution_of_the_same_view_is_scaled(file):
    half = fitted(load_calibration(str(file), ""), 320, 240)
    assert (half.width, half.height) == (320, 240)
    np.testing.assert_allclose(half.matrix[0], [300.25, 0, (320.25 + 0.5) / 2 - 0.5])
    assert half.distortion[0] == 0.1


def test_another_shape_of_picture_is_refused(file):
    with pytest.raises(CalibrationSizeError, match="calibrated for 640×480, the camera gives 640×"):
        fitted(load_calibration(str(file), ""), 640, 360)


@given(st.integers(1, 5), st.floats(-0.4, 0.4), st.floats(-0.3, 0.3))
def test_scaling_keeps_the_ray_through_each_point_of_the_picture(factor, x, y):
    matrix = np.array([[600.0, 0, 321.0], [0, 610.0, 242.0], [0, 0, 1]])
    small = CameraCalibration(640, 480, matrix)
    large = fitted(small, 640 * factor, 480 * factor)
    before, after = (c.matrix @ [x, y, 1.0] for c in (small, large))
    np.testing.assert_allclose((before[:2] + 0.5) * factor, after[:2] + 0.5)


def test_an_uncalibrated_camera_is_assumed_to_see_60_degrees():
    calibration = assumed_calibration(640, 480)
    ray = np.linalg.inv(calibration.matrix) @ [639.5, 239.5, 1.0]
    assert np.degrees(np.arctan(ray[0])) == pytest.approx(30.0)
    assert ray[1] == pytest.approx(0.0)
