"""Metric views of the station, independent of the camera's pose, lens and resolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.types import CameraCalibration

Floats = NDArray[np.float64]

CROP = (112, 80)
"""Rows and columns of the target's view."""
PIXEL = 0.0025
"""Size of its pixels [m]."""
BELOW = 0.02
"""Height [m] that it shows below the target's foot."""
WHOLE = (60, 80)
"""Rows and columns of the whole view."""
WHOLE_FOV = 0.75
"""Vertical field of view of the whole view [rad]."""


def project(points: Floats, camera: CameraCalibration) -> Floats:
    """Pixels (N, 2) of points (N, 3) [m] in the optical frame."""
    zero = np.zeros(3)
    points = points.reshape(-1, 1, 3)
    distortion = np.asarray(camera.distortion, float)
    if camera.model == "equidistant":
        found, _ = cv2.fisheye.projectPoints(points, zero, zero, camera.matrix, distortion)
    else:
        found, _ = cv2.projectPoints(points, zero, zero, camera.matrix, distortion)
    return np.asarray(found, float).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class View:
    """Samples an image at `pixels` (H, W, 2) of an image of `width` by `height`."""

    pixels: Floats
    width: int
    height: int

    @cached_property
    def _shrink(self) -> int:
        """Whole factor by which images are reduced first, so that no detail aliases."""
        step = np.linalg.norm(np.diff(self.pixels, axis=1), axis=-1)
        return max(1, int(np.median(step)))

    def of(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The view (H, W, 3) of an image; black outside of it."""
        height, width = rgb.shape[:2]
        scale = np.array([width / self.width, height / self.height])
        shrink = max(1, int(self._shrink * scale[0]))
        if shrink > 1:
            size = width // shrink, height // shrink
            rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        at = ((self.pixels + 0.5) * scale / shrink - 0.5).astype(np.float32)
        return np.asarray(cv2.remap(rgb, at[..., 0], at[..., 1], cv2.INTER_LINEAR), np.uint8)


def target_view(camera: CameraCalibration, pose: Floats, position: Floats) -> View:
    """The target's view, around its foot at `position` [m], (3,), in base_link."""
    return plane_view(camera, pose, position, CROP, PIXEL, BELOW)


def plane_view(
    camera: CameraCalibration,
    pose: Floats,
    origin: Floats,
    size: tuple[int, int],
    pixel: float,
    below: float,
) -> View:
    """The vertical plane through a point that faces the camera.

    Args:
        camera: intrinsics.
        pose: the optical frame in base_link, (4, 4).
        origin: the point in base_link [m], (3,), in the view's middle column.
        size: rows and columns.
        pixel: size of the pixels [m].
        below: height that the view shows below the point [m].
    """
    right = np.array([pose[0, 0], pose[1, 0], 0.0])
    right /= np.linalg.norm(right)
    rows, columns = size
    up = rows * pixel - below - (np.arange(rows) + 0.5) * pixel
    across = (np.arange(columns) + 0.5 - columns / 2) * pixel
    points = origin + across[None, :, None] * right + up[:, None, None] * [0.0, 0.0, 1.0]
    local = (points.reshape(-1, 3) - pose[:3, 3]) @ pose[:3, :3]
    return _view(local, camera, size)


def whole_view(camera: CameraCalibration) -> View:
    """Everything in front of the camera, as a pinhole camera of WHOLE_FOV shows it."""
    rows, columns = WHOLE
    focal = rows / 2 / np.tan(WHOLE_FOV / 2)
    down, right = np.mgrid[:rows, :columns] + 0.5
    local = np.stack([right - columns / 2, down - rows / 2, np.full(WHOLE, focal)], axis=-1)
    return _view(local.reshape(-1, 3), camera, WHOLE)


def _view(local: Floats, camera: CameraCalibration, size: tuple[int, int]) -> View:
    ahead = local[:, 2] > 1e-3
    pixels = np.full((len(local), 2), -1e4)
    if ahead.any():
        pixels[ahead] = project(local[ahead], camera)
    return View(pixels.reshape(*size, 2), camera.width, camera.height)
