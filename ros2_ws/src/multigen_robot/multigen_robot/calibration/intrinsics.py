"""A camera's lens from views of the board."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from multigen_core.types import CameraCalibration
from multigen_robot.calibration.board import CalibrationError
from multigen_robot.calibration.views import View, is_new

FEWEST_VIEWS = 8
_COVERED = 0.6
"""Share of the image's width and height that all views together must cover."""
_TILTED = 20.0
"""Angle [deg] between some two views; parallel ones do not determine the focal length."""
_OUTLIER = 3.0
"""A view whose residual is this many times the median is refused."""
_GOOD = 0.3
"""A residual [px] that is never an outlier."""
_VAGUE = 0.01
"""Greatest relative standard deviation of the focal length."""
MODELS = {"plumb_bob": 0, "rational_polynomial": cv2.CALIB_RATIONAL_MODEL}


@dataclass(frozen=True)
class Intrinsics:
    """A calibration, its residual (root mean square), and views refused by it.

    `focal_error` [px]: standard deviation of the focal length.
    """

    calibration: CameraCalibration
    residual_px: float
    residual_mm: float
    focal_error: float
    views: tuple[str, ...]
    refused: tuple[str, ...]


def calibrate(views: list[View], model: str = "plumb_bob") -> Intrinsics:
    """The lens that explains the views best.

    Raises:
        CalibrationError: the views do not determine it; says what is missing.
    """
    kept: list[View] = []
    refused = []
    for view in views:
        if view.size != views[0].size:
            raise CalibrationError(
                f"{view.name} is {view.size[0]}×{view.size[1]}, {views[0].name} "
                f"{views[0].size[0]}×{views[0].size[1]}: use images of one size"
            )
        if is_new(view, kept):
            kept.append(view)
        else:
            refused.append(f"{view.name}: the same as another view; move the board")
    while True:
        _check_variety(kept)
        fit = _Fit(kept, model)
        worst = int(np.argmax(fit.errors))
        if fit.errors[worst] <= max(_GOOD, _OUTLIER * float(np.median(fit.errors))):
            break
        refused.append(
            f"{kept[worst].name}: residual {fit.errors[worst]:.2f} px, others "
            f"{np.median(fit.errors):.2f}; was the board bent or moving?"
        )
        kept.pop(worst)
    _check_tilts(fit)
    focal, error = fit.matrix[0, 0], fit.deviations[0]
    if error > _VAGUE * focal:
        raise CalibrationError(
            f"the focal length is known to ±{error / focal:.1%} only; add views of a tilted board "
            "that fill the image"
        )
    residual = float(np.sqrt(np.mean(fit.errors**2)))
    calibration = CameraCalibration(
        *kept[0].size, fit.matrix, tuple(map(float, fit.coefficients)), model
    )
    return Intrinsics(
        calibration,
        residual,
        1e3 * residual * float(np.median(fit.distances)) / focal,
        float(error),
        tuple(view.name for view in kept),
        tuple(refused),
    )


class _Fit:
    """OpenCV's calibration of views."""

    def __init__(self, views: list[View], model: str) -> None:
        result = cv2.calibrateCameraExtended(
            [view.points.astype(np.float32) for view in views],
            [view.pixels.astype(np.float32) for view in views],
            views[0].size,
            np.zeros((3, 3)),
            np.zeros(14),
            flags=MODELS[model],
        )
        _, matrix, coefficients, turns, shifts, deviations, _, errors = result
        self.matrix = np.asarray(matrix, float)
        count = 8 if model == "rational_polynomial" else 5
        self.coefficients = np.ravel(coefficients)[:count]
        self.deviations = np.ravel(deviations)
        self.errors = np.ravel(errors)
        self.normals = np.array([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
        self.distances = np.array([float(np.linalg.norm(shift)) for shift in shifts])


def _check_variety(views: list[View]) -> None:
    if len(views) < FEWEST_VIEWS:
        raise CalibrationError(
            f"{len(views)} usable views, {FEWEST_VIEWS} needed; take more, with the board tilted "
            "to all sides and in all corners of the image"
        )
    pixels = np.concatenate([view.pixels for view in views])
    width, height = views[0].size
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    for axis, extent, sides in ((0, width, "left and right"), (1, height, "top and bottom")):
        covered = (high[axis] - low[axis]) / extent
        if covered < _COVERED:
            raise CalibrationError(
                f"the views cover {covered:.0%} of the image between {sides}, {_COVERED:.0%} "
                "needed; take some with the board at the edges"
            )


def _check_tilts(fit: _Fit) -> None:
    least = np.degrees(np.arccos(np.clip((fit.normals @ fit.normals.T).min(), -1, 1)))
    if least < _TILTED:
        raise CalibrationError(
            f"all views show the board at nearly the same angle ({least:.0f}°); tilt it by 30° to "
            "all sides"
        )
