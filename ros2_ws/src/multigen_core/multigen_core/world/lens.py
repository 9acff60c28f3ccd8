"""Projection through a calibrated lens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.types import CameraCalibration

Floats = NDArray[np.float64]


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


def rays(pixels: Floats, camera: CameraCalibration) -> Floats:
    """Directions (N, 3), with z = 1, in the optical frame of pixels (N, 2)."""
    pixels = np.ascontiguousarray(pixels, float).reshape(-1, 1, 2)
    distortion = np.asarray(camera.distortion, float)
    if camera.model == "equidistant":
        found = cv2.fisheye.undistortPoints(pixels, camera.matrix, distortion)
    else:
        precise = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
        found = cv2.undistortPoints(pixels, camera.matrix, distortion, criteria=precise)
    found = np.asarray(found, float).reshape(-1, 2)
    return np.column_stack([found, np.ones(len(found))])
