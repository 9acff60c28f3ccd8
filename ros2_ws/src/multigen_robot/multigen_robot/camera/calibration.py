"""Camera calibrations in the YAML format of ROS's camera_calibration."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from multigen_core.config.yaml_file import ConfigError, load_yaml, share_directory, validate
from multigen_core.errors import MultigenError
from multigen_core.types import CameraCalibration

_VIEW = np.deg2rad(60.0)
"""Assumed horizontal field of view of an uncalibrated camera, that of a common webcam."""


_COEFFICIENTS = {
    "plumb_bob": (4, 5),
    "rational_polynomial": (8, 12, 14),
    "equidistant": (4,),
    "none": (0, 1, 4, 5),
}
"""Possible numbers of coefficients of each distortion model."""


class _Matrix(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    rows: int
    cols: int
    data: list[float]

    @model_validator(mode="after")
    def _complete(self) -> _Matrix:
        if len(self.data) != self.rows * self.cols:
            raise ValueError(f"{len(self.data)} numbers given for {self.rows}×{self.cols}")
        return self


class _File(BaseModel):
    image_width: int = Field(gt=0)
    image_height: int = Field(gt=0)
    camera_matrix: _Matrix
    distortion_model: str
    distortion_coefficients: _Matrix

    @model_validator(mode="after")
    def _supported(self) -> _File:
        if (self.camera_matrix.rows, self.camera_matrix.cols) != (3, 3):
            raise ValueError("camera_matrix must be 3×3")
        if min(self.camera_matrix.data[0], self.camera_matrix.data[4]) <= 0:
            raise ValueError("camera_matrix: focal lengths must be positive")
        given = len(self.distortion_coefficients.data)
        if self.distortion_model not in _COEFFICIENTS:
            raise ValueError(
                f"distortion_model {self.distortion_model!r} is not one of "
                f"{', '.join(_COEFFICIENTS)}"
            )
        if given not in _COEFFICIENTS[self.distortion_model]:
            counts = " or ".join(map(str, _COEFFICIENTS[self.distortion_model]))
            raise ValueError(
                f"distortion_model {self.distortion_model} has {counts} coefficients, not {given}"
            )
        if self.distortion_model == "none" and any(self.distortion_coefficients.data):
            raise ValueError("distortion_model none: coefficients must be 0")
        return self


def load_calibration(url: str, camera_name: str) -> CameraCalibration | None:
    """The calibration at a camera_info_url: a path, file://PATH or package://PACKAGE/PATH.

    As in camera_info_manager, ${NAME} is `camera_name`, ${ROS_HOME} that variable or ~/.ros, and an
    empty `url` means ${ROS_HOME}/camera_info/${NAME}.yaml; None if that file does not exist.

    Raises:
        MultigenError: the file is missing or invalid.
    """
    path = _path(url or "${ROS_HOME}/camera_info/${NAME}.yaml", camera_name)
    if not url and not path.is_file():
        return None
    file = validate(_File, load_yaml(path), path)
    model, coefficients = file.distortion_model, file.distortion_coefficients.data
    if model in ("none", "plumb_bob"):
        model, coefficients = "plumb_bob", (coefficients + 5 * [0.0])[:5]
    return CameraCalibration(
        file.image_width,
        file.image_height,
        np.array(file.camera_matrix.data).reshape(3, 3),
        tuple(coefficients),
        model,
    )


def _path(url: str, camera_name: str) -> Path:
    known = {"NAME": camera_name, "ROS_HOME": os.environ.get("ROS_HOME") or "~/.ros"}
    for name in re.findall(r"\$\{(.*?)\}", url):
        if name not in known:
            raise ConfigError(
                f"camera_info_url {url}: ${{{name}}} is not ${{NAME}} or ${{ROS_HOME}}"
            )
        url = url.replace(f"${{{name}}}", known[name])
    if url.startswith("package://"):
        package, _, rest = url.removeprefix("package://").partition("/")
        return share_directory(package) / rest
    if "://" in url and not url.startswith("file://"):
        raise ConfigError(
            f"camera_info_url {url}: give a path, file://PATH or package://PACKAGE/PATH"
        )
    return Path(url.removeprefix("file://")).expanduser()


def assumed_calibration(width: int, height: int) -> CameraCalibration:
    """A pinhole camera with a common webcam's field of view, for uncalibrated cameras."""
    focal = width / 2 / np.tan(_VIEW / 2)
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    return CameraCalibration(width, height, matrix)


class CalibrationSizeError(MultigenError):
    """A calibration is for images of a different aspect ratio."""


def fitted(calibration: CameraCalibration, width: int, height: int) -> CameraCalibration:
    """The calibration scaled to another resolution of the same view.

    Pixel centres have integer coordinates, so (c + ½) scales with the resolution.

    Raises:
        CalibrationSizeError: the aspect ratio differs, so the view differs.
    """
    if (calibration.width, calibration.height) == (width, height):
        return calibration
    sx, sy = width / calibration.width, height / calibration.height
    if abs(sx / sy - 1) > 0.01:
        raise CalibrationSizeError(
            f"calibrated for {calibration.width}×{calibration.height}, the camera gives "
            f"{width}×{height}: calibrate it at that size"
        )
    scale = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2], [0, 0, 1]])
    return replace(calibration, width=width, height=height, matrix=scale @ calibration.matrix)
