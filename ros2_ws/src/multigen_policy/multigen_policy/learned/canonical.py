"""Metric views of the station, independent of the camera's pose, lens and resolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.types import CameraCalibration
from multigen_core.world.lens import project

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


@dataclass(frozen=True, eq=False)
class Plane:
    """A vertical plane that faces a camera, seen as `size` rows and columns of `pixel` [m].

    `origin` [m], (3,), is in its middle column, `below` [m] above its lower edge; `right` (3,) is
    the direction of its rows and `centre` [m], (3,), where the camera is; all in base_link.
    """

    origin: Floats
    right: Floats
    centre: Floats
    size: tuple[int, int]
    pixel: float
    below: float

    @classmethod
    def facing(
        cls, pose: Floats, origin: Floats, size: tuple[int, int], pixel: float, below: float
    ) -> Plane:
        """The one through a point that faces the optical frame at `pose` (4, 4)."""
        right = np.array([pose[0, 0], pose[1, 0], 0.0])
        right /= np.linalg.norm(right)
        return cls(np.asarray(origin, float), right, pose[:3, 3], size, pixel, below)

    def points(self, at: Floats) -> Floats:
        """Points (…, 3) [m] at columns and rows (…, 2)."""
        rows, columns = self.size
        across = (at[..., 0] + 0.5 - columns / 2) * self.pixel
        up = rows * self.pixel - self.below - (at[..., 1] + 0.5) * self.pixel
        lift = up[..., None] * np.array([0.0, 0.0, 1.0])
        return np.asarray(self.origin + across[..., None] * self.right + lift)

    def where(self, points: Floats) -> Floats:
        """Columns and rows (…, 2) at which the camera sees points (…, 3) [m] on the plane."""
        normal = np.cross(self.right, [0.0, 0.0, 1.0])
        away = points - self.centre
        scale = (self.origin - self.centre) @ normal / (away @ normal)
        seen = self.centre + scale[..., None] * away - self.origin
        rows, columns = self.size
        column = seen @ self.right / self.pixel + columns / 2 - 0.5
        row = (rows * self.pixel - self.below - seen[..., 2]) / self.pixel - 0.5
        return np.stack([column, row], -1)

    def view(self, camera: CameraCalibration, pose: Floats) -> View:
        """What a camera shows of it."""
        row, column = np.mgrid[: self.size[0], : self.size[1]]
        points = self.points(np.stack([column, row], -1).astype(float))
        local = (points.reshape(-1, 3) - pose[:3, 3]) @ pose[:3, :3]
        return _view(local, camera, self.size)


def target_view(camera: CameraCalibration, pose: Floats, position: Floats) -> View:
    """The target's view, around its foot at `position` [m], (3,), in base_link."""
    return Plane.facing(pose, position, CROP, PIXEL, BELOW).view(camera, pose)


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
