"""A vessel's profile from its outline in a photograph.

A ray along the outline of a solid of revolution touches the solid and enters it nowhere. So at
every height the radius is at most the ray's distance from the axis there, and where the ray touches
it is equal: the profile is the lower envelope of all rays' distances. What the outline does not
show, such as a dent behind a bulge, stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.signal import savgol_filter

from multigen_core.types import CameraCalibration
from multigen_core.world.lens import rays
from multigen_robot.calibration.board import CalibrationError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_CHANGE = 22.0
"""Greatest difference of two photographs of the same [grey levels]."""
_SMALLEST = 0.01
"""Least share of the image that a vessel fills."""
_STEP = 0.001
"""Spacing of the profile's heights [m]."""
_TALLEST = 0.5
_WIDEST = 0.3
_FAR = 10.0
_LOOKING_DOWN = 0.08
"""Sine of the least angle at which the camera looks down on the rim."""
_RIM = 0.0007
"""Tolerance [m] of finding the rim."""
_ASYMMETRIC = 0.003
_FINER = 8
"""Points per row along the outline."""
_SMOOTHED = 9
"""Rows over which the outline is smoothed."""


@dataclass(frozen=True, eq=False)
class Outline:
    """Outer radii (N,) [m] at heights (N,) [m] above the board; the axis stands at `place` (2,).

    `asymmetry` [m]: root mean square difference of the profiles of the left and the right side.
    """

    heights: Array
    radii: Array
    place: Array
    asymmetry: float


def silhouette(photo: NDArray[np.uint8], empty: NDArray[np.uint8]) -> Mask:
    """Where a photograph (H, W, 3) differs from one without the vessel, filled, (H, W).

    Raises:
        CalibrationError: nothing that could be a vessel, or it leaves the image.
    """
    if photo.shape != empty.shape:
        raise CalibrationError("the photographs with and without the vessel differ in size")
    soft = [cv2.GaussianBlur(image, (0, 0), 1.0).astype(float) for image in (photo, empty)]
    changed = np.abs(soft[0] - soft[1]).max(axis=2) > _CHANGE
    # Reflections make holes and the board's black squares gaps.
    closed = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7)))
    count, labels, figures, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        raise CalibrationError("the photographs are the same; was the vessel in the second one?")
    largest = 1 + int(np.argmax(figures[1:, cv2.CC_STAT_AREA]))
    mask = np.asarray(labels == largest)
    if mask.mean() < _SMALLEST:
        raise CalibrationError(
            f"the vessel fills {mask.mean():.1%} of the image; come closer, and change nothing "
            "else between the photographs"
        )
    if mask[[0, -1]].any() or mask[:, [0, -1]].any():
        raise CalibrationError(
            "what changed reaches the image's edge: keep the camera still and the vessel inside"
        )
    for row in np.flatnonzero(mask.any(axis=1)):
        inside = np.flatnonzero(mask[row])
        mask[row, inside[0] : inside[-1] + 1] = True
    return mask


def outline(mask: Mask, board: Array, camera: CameraCalibration) -> Outline:
    """The profile of the vessel that stands on a board at pose (4, 4) in the optical frame.

    Raises:
        CalibrationError: no upright solid of revolution on the board has this silhouette.
    """
    into: Array = np.linalg.inv(board).astype(float)
    eye: Array = into[:3, 3]
    turn: Array = into[:3, :3]
    edges = _edges(mask)
    sides = [rays(side, camera) @ turn.T for side in edges]
    ends = np.array([edges[0][0] + edges[1][0], edges[0][-1] + edges[1][-1]], float) / 2
    top, foot = rays(ends, camera) @ turn.T
    if top[2] / np.linalg.norm(top) > -_LOOKING_DOWN:
        raise CalibrationError(
            "the camera must look down on the vessel's rim, by 10 to 45 degrees: raise it"
        )
    place = _axis(eye, sides, foot)
    heights = np.arange(0.0, _TALLEST, _STEP)
    profiles = np.array([_envelope(heights, eye, side, place) for side in sides])
    # Beyond the rim the envelope is the highest ray alone, which passes over the rim's far side.
    over = _envelope(heights, eye, top[None], place)
    above = np.flatnonzero(over - profiles.mean(axis=0) < _RIM)
    if not len(above) or above[0] < 10:
        raise CalibrationError("no vessel stands on the board; is its foot on the pattern's plane?")
    heights, profiles = heights[: above[0] + 1], profiles[:, : above[0] + 1]
    difference = float(np.sqrt(np.mean((profiles[0] - profiles[1]) ** 2)))
    if difference > _ASYMMETRIC:
        raise CalibrationError(
            f"left and right differ by {1e3 * difference:.1f} mm: no solid of revolution (a handle "
            "or spout?), or a shadow counts as vessel"
        )
    return Outline(heights, profiles.mean(axis=0), place, difference)


def _envelope(heights: Array, eye: Array, directions: Array, place: Array) -> Array:
    """Least distance (N,) of rays (R, 3) from the axis at each height."""
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (heights[:, None] - eye[2]) / directions[:, 2]
        across = eye[:2] - place + reach[..., None] * directions[:, :2]
        distance = np.where(reach > 0, np.hypot(across[..., 0], across[..., 1]), np.inf)
    return np.asarray(np.nan_to_num(distance, nan=_FAR, posinf=_FAR).min(axis=1))


def _edges(mask: Mask) -> tuple[Array, Array]:
    """Left and right borders of the silhouette, smoothed and finer than its rows, (R, 2) each."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1) - 0.5
    last = mask.shape[1] - mask[rows][:, ::-1].argmax(axis=1) - 0.5
    fine = np.linspace(rows[0], rows[-1], _FINER * len(rows))
    window = min(_SMOOTHED, len(rows) - 1 + len(rows) % 2)
    smooth = (savgol_filter(side.astype(float), window, 2) for side in (first, last))
    left, right = (np.column_stack([np.interp(fine, rows, side), fine]) for side in smooth)
    return left, right


def _axis(eye: Array, sides: list[Array], foot: Array) -> Array:
    """Where the axis meets the board, (2,): profiles of both sides agree, the foot is in place.

    `foot`: direction of the lowest ray, which meets the board at the foot's nearest point.
    """
    nearest = (eye - eye[2] / foot[2] * foot)[:2]
    away = nearest - eye[:2]
    away /= np.linalg.norm(away)
    frame = np.column_stack([away, [-away[1], away[0]]])
    heights = np.arange(0.0, 0.1, 5 * _STEP)
    coarse = [side[::_FINER] for side in sides]

    def cost(x: Array) -> float:
        place = nearest + frame @ x
        left, right = (np.minimum(_envelope(heights, eye, side, place), _WIDEST) for side in coarse)
        used = np.minimum(left, right) < _WIDEST
        lopsided = np.mean((left - right)[used] ** 2) if used.any() else 1.0
        return float(lopsided + (np.linalg.norm(x) - (left[0] + right[0]) / 2) ** 2)

    options = {
        "xatol": 1e-6,
        "fatol": 1e-12,
        "initial_simplex": [[0.03, 0], [0.05, 0], [0.03, 0.01]],
    }
    found = minimize(cost, [0.03, 0.0], method="Nelder-Mead", options=options)
    return np.asarray(nearest + frame @ found.x)
