"""Metric views that do not depend on the camera."""

import cv2
import numpy as np
import pytest

from multigen_core.types import CameraCalibration
from multigen_core.world.lens import project
from multigen_core.world.scene import CameraSpec
from multigen_policy.learned.canonical import BELOW, CROP, PIXEL, target_view, whole_view

TARGET = np.array([0.65, 0.12, 0.0])
CAMERAS = [
    CameraSpec(),
    CameraSpec(position=(1.3, -0.1, 0.4), vertical_fov=50, width=640, height=480),
    CameraSpec(position=(1.1, 0.3, 0.2), vertical_fov=42, width=1280, height=720),
]
LENSES = [
    ("plumb_bob", (0.0, 0.0, 0.0, 0.0, 0.0)),
    ("plumb_bob", (-0.2, 0.05, 0.001, 0.001, 0.0)),
    ("rational_polynomial", (-0.2, 0.05, 0.0, 0.0, 0.0, 0.01, 0.0, 0.0)),
    ("equidistant", (0.02, 0.0, 0.0, 0.0)),
]


def seen(camera: CameraSpec, lens: tuple, point: np.ndarray) -> tuple[int, int]:
    """Row and column at which the target's view shows a light at a point in base_link."""
    plain = camera.calibration
    calibration = CameraCalibration(plain.width, plain.height, plain.matrix, lens[1], lens[0])
    pose = camera.pose
    (pixel,) = project(((point - pose[:3, 3]) @ pose[:3, :3])[None], calibration)
    image = np.zeros((plain.height, plain.width, 3), np.uint8)
    cv2.circle(image, np.rint(pixel).astype(int).tolist(), plain.height // 120, (255,) * 3, -1)
    view = target_view(calibration, pose, TARGET).of(image)[..., 0].astype(float)
    rows, columns = np.mgrid[: CROP[0], : CROP[1]] + 0.5
    return (view * rows).sum() / view.sum(), (view * columns).sum() / view.sum()


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("height", [0.0, 0.1, 0.2])
def test_a_height_above_the_target_is_the_same_row_for_every_camera_and_lens(camera, lens, height):
    row, column = seen(camera, lens, TARGET + np.array([0.0, 0.0, height]))
    assert row == pytest.approx(CROP[0] - (BELOW + height) / PIXEL, abs=1.0)
    assert column == pytest.approx(CROP[1] / 2, abs=1.0)


def test_half_the_image_size_shows_the_same_view():
    camera = CAMERAS[1].calibration
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 255, (480, 640, 3), np.uint8), (0, 0), 9)
    view = whole_view(camera)
    half = cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA)
    assert np.abs(view.of(image).astype(int) - view.of(half)).max() <= 6


def test_what_is_behind_the_camera_or_outside_its_image_is_black():
    camera = CameraSpec(position=(0.3, 0.12, 0.1), look_at=(0.0, 0.12, 0.1))
    view = target_view(camera.calibration, camera.pose, TARGET)
    assert not view.of(np.full((240, 320, 3), 200, np.uint8)).any()
