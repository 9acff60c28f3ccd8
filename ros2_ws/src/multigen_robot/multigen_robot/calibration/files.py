"""Writes calibrations: the standard camera YAML, and a scene's camera block."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from multigen_core.config.yaml_file import load_yaml, validate
from multigen_core.files import write_atomic
from multigen_core.types import CameraCalibration
from multigen_core.world.scene import CameraSpec
from multigen_robot.calibration.board import CalibrationError

_BLOCK = re.compile(r"^camera:.*?(?=^[^\s#]|\Z)", re.MULTILINE | re.DOTALL)


def write_calibration(path: Path, calibration: CameraCalibration, name: str) -> None:
    """Write the YAML of ROS's camera_calibration."""
    K = calibration.matrix
    projection = np.hstack([K, np.zeros((3, 1))])
    values = {
        "image_width": calibration.width,
        "image_height": calibration.height,
        "camera_name": name,
        "camera_matrix": _matrix(K),
        "distortion_model": calibration.model,
        "distortion_coefficients": _matrix(np.array([calibration.distortion])),
        "rectification_matrix": _matrix(np.eye(3)),
        "projection_matrix": _matrix(projection),
    }
    write_atomic(path, yaml.safe_dump(values, sort_keys=False, default_flow_style=None).encode())


def _matrix(values: NDArray[np.float64]) -> dict[str, Any]:
    rows, columns = values.shape
    return {"rows": rows, "cols": columns, "data": [float(value) for value in values.ravel()]}


def camera_block(pose: NDArray[np.float64], calibration: CameraCalibration) -> dict[str, Any]:
    """A scene's camera from its pose in base_link, (4, 4), and its lens.

    It looks at a point on its axis, 0.6 m away. Raises:
        CalibrationError: it looks straight up or down, which a scene cannot express.
    """
    position, forward = pose[:3, 3], pose[:3, 2]
    if np.hypot(*forward[:2]) < 1e-2:
        raise CalibrationError("the camera looks straight down; a scene's camera must look aside")
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    roll = np.degrees(np.arctan2(pose[:3, 0] @ down, pose[:3, 0] @ right))
    fov = 2 * np.degrees(np.arctan(calibration.height / 2 / calibration.matrix[1, 1]))
    return {
        "position": [round(float(x), 5) for x in position],
        "look_at": [round(float(x), 5) for x in position + 0.6 * forward],
        "roll": round(float(roll), 4),
        "vertical_fov": round(float(fov), 4),
        "width": calibration.width,
        "height": calibration.height,
    }


def write_camera_block(scene: Path, block: dict[str, Any]) -> None:
    """Put a camera block into a scene file, or replace the one there; makes the file if need be.

    Raises:
        MultigenError: the file is not a scene, or cannot be written.
    """
    validate(CameraSpec, block, "the camera found")
    line = yaml.safe_dump({"camera": block}, sort_keys=False, default_flow_style=None)
    text = ""
    if scene.exists():
        data = load_yaml(scene)
        if data is not None and not isinstance(data, dict):
            raise CalibrationError(f"{scene}: not a scene: expected a mapping")
        text = scene.read_text(encoding="utf-8")
    if _BLOCK.search(text):
        text = _BLOCK.sub(lambda _: line, text, count=1)
    else:
        text = f"{text.rstrip()}\n{line}".lstrip()
    write_atomic(scene, text.encode())
