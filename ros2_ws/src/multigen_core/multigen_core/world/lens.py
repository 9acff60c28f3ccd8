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
