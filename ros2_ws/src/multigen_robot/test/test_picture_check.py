import numpy as np
import pytest

from multigen_core.types import to_nanoseconds
from multigen_robot.camera.picture_check import PictureCheck


def watch(pictures, rate=30.0):
    check = PictureCheck()
    for index, rgb in enumerate(pictures):
        check.add(rgb, to_nanoseconds(index / rate))
    return check.fault


def noisy(level, count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield np.clip(level + 3 * rng.standard_normal((48, 64, 3)), 0, 255).astype(np.uint8)


def test_nothing_is_wrong_before_and_with_living_pictures():
    assert PictureCheck().fault == ""
    assert watch(noisy(100, 60)) == ""


def test_a_covered_lens_is_black():
    assert watch(noisy(1, 60)) == "images are black; is the lens covered?"


def test_a_short_blackout_is_borne():
    assert watch([*noisy(100, 30), *noisy(1, 20)]) == ""


def test_light_ends_the_fault():
    assert watch([*noisy(1, 60), *noisy(100, 1)]) == ""


def test_a_picture_that_never_changes_is_frozen():
    still = next(noisy(100, 1))
    assert watch([still] * 60) == "the image is frozen"
    assert watch([still] * 20) == ""
    assert watch([*([still] * 60), *noisy(100, 1, seed=5)]) == ""


def test_a_dark_scene_with_something_in_it_is_not_black():
    dark = [picture // 40 for picture in noisy(100, 60)]
    for picture in dark:
        picture[:, 30:34] = 120
    assert "black" not in watch(dark)


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 9, 3)])
def test_tiny_pictures_are_no_trouble(shape):
    assert watch([np.full(shape, 100, np.uint8), np.full(shape, 120, np.uint8)]) == ""
