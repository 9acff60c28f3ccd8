"""The joint path that pours: a tilt of the held vessel about its lip, kept over the target.

World: base_link, Z up. A tilt θ [rad] turns the vessel about +X by -θ, so that its lip, the rim
point towards +Y, pours towards +Y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import minimize_scalar
from scipy.spatial.transform import Rotation

from multigen_core.arm import Arm
from multigen_core.arm.cubic import Cubic
from multigen_core.arm.kinematics import Pose, UnreachableError, inverse
from multigen_core.errors import MultigenError
from multigen_core.station.station import HeldVessel, Station
from multigen_core.world.vessel import Vessel

MAX_TILT = 2.3
"""Tilt at the end of the path [rad]."""
CLEARANCE = 0.04
"""Height of the lip above the target's rim [m]."""
LEAD = 0.022
"""Distance of the lip from the target's axis, which the jet crosses as it falls [m]."""
UNKNOWN_HEIGHT, UNKNOWN_RADIUS = 0.15, 0.042
"""Assumed size of an unknown target [m]."""
_GAP = 0.01
_KNOTS = 36
_SMOOTHING = 0.08
_LIMIT_MARGIN = 0.02
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def lip_in_tool(source: Vessel, grasp_height: float) -> NDArray[np.float64]:
    """The lip in the tool frame [m], (3,), of a vessel grasped `grasp_height` above its foot."""
    return np.array([source.mouth_radius, source.rim_height - grasp_height, 0.0])


def tool_pose(source: Vessel, grasp_height: float, lip: NDArray[np.float64], tilt: float) -> Pose:
    """Pose of the tool that holds the lip at `lip` [m] in base_link, the vessel at `tilt` [rad]."""
    transform = np.eye(4)
    transform[:3, :3] = Rotation.from_euler("x", -tilt).as_matrix() @ _UPRIGHT
    transform[:3, 3] = lip - transform[:3, :3] @ lip_in_tool(source, grasp_height)
    return transform


def tilt_of_tool(transform: Pose) -> float:
    """The tilt [rad] of a vessel held by a tool at this pose; undoes `tool_pose`, on any path."""
    turned = transform[:3, :3] @ _UPRIGHT.T
    return math.atan2(-turned[2, 1], turned[2, 2])


def lip_positions(
    source: Vessel,
    position: ArrayLike,
    tilts: NDArray[np.float64],
    target: Vessel | None = None,
) -> NDArray[np.float64]:
    """Lip position at each tilt [m], (K, 3), for a target standing at `position` in base_link.

    The lip is at the pour point, `CLEARANCE` above the rim and `LEAD` before the axis, if the
    source's body then clears the target and the table; at small tilts, when the body hangs below
    the lip, it is further back and higher.
    """
    grid = np.linspace(-0.5, MAX_TILT, 281)
    free = _free_lip_positions(source, np.asarray(position, float), np.maximum(grid, 0.0), target)
    smooth = gaussian_filter1d(free, _SMOOTHING / (grid[1] - grid[0]), axis=0, mode="nearest")
    return np.column_stack([np.interp(tilts, grid, column) for column in smooth.T])


def _free_lip_positions(
    source: Vessel, position: NDArray[np.float64], tilts: NDArray[np.float64], target: Vessel | None
) -> NDArray[np.float64]:
    x, y, table = position
    height = UNKNOWN_HEIGHT if target is None else target.rim_height
    along = np.linspace(0.0, source.rim_height, 80)
    outward = source.outer_radius(along) - source.mouth_radius
    c, s = np.cos(tilts)[:, None], np.sin(tilts)[:, None]
    drop = along - source.rim_height
    body_y = outward * c + drop * s
    body_z = drop * c - outward * s
    lip_z = np.maximum(height + CLEARANCE, _GAP - body_z.min(axis=1))
    body_z = body_z + lip_z[:, None]
    if target is None:
        reach = np.full_like(body_z, UNKNOWN_RADIUS)
    else:
        reach = target.outer_radius(np.clip(body_z, 0.0, height))
    free = np.where(body_z < height + _GAP, y - reach - _GAP - body_y, np.inf).min(axis=1)
    lip_y = np.minimum(y - LEAD, np.minimum.accumulate(free[::-1])[::-1])
    return np.column_stack([np.full_like(lip_y, x), lip_y, table + lip_z])


@dataclass(frozen=True, eq=False)
class PourPath:
    """Joint positions over the tilt of the held vessel.

    `tilts` [rad] (K,), increasing from 0; `positions` [rad] (K, J), joined by a cubic spline.
    """

    tilts: NDArray[np.float64]
    positions: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spline", CubicSpline(self.tilts, self.positions))
        object.__setattr__(self, "_slope", self._spline.derivative())  # type: ignore[attr-defined]
        curve = Cubic(self.tilts, self._spline.c)  # type: ignore[attr-defined]
        object.__setattr__(self, "_curve", curve)
        grid = np.linspace(self.tilts[0], self.tilts[-1], 8 * len(self.tilts))
        object.__setattr__(self, "_grid", (grid, self.at(grid)))

    def at(self, tilt: ArrayLike) -> NDArray[np.float64]:
        """Joint positions [rad] (..., J) at tilts [rad], clipped to the path."""
        return self._spline(np.clip(tilt, self.tilts[0], self.tilts[-1]))  # type: ignore[attr-defined]

    def slope(self, tilt: ArrayLike) -> NDArray[np.float64]:
        """dq/dθ, (..., J), at tilts [rad], clipped to the path."""
        return self._slope(np.clip(tilt, self.tilts[0], self.tilts[-1]))  # type: ignore[attr-defined]

    def tilt_of(self, positions: NDArray[np.float64]) -> float:
        """Tilt [rad] of the point on the path nearest to joint positions [rad], (J,)."""
        curve: Cubic = self._curve  # type: ignore[attr-defined]
        grid, known = self._grid  # type: ignore[attr-defined]

        def distance(tilt: float) -> float:
            away = curve(tilt) - positions
            return float(away @ away)

        step = grid[1] - grid[0]
        nearest = grid[np.argmin(np.sum((known - positions) ** 2, axis=1))]
        bounds = np.clip([nearest - step, nearest + step], self.tilts[0], self.tilts[-1])
        best = minimize_scalar(distance, method="bounded", bounds=bounds, options={"xatol": 1e-7})
        return float(best.x)


class GraspError(MultigenError):
    """The gripper cannot hold the vessel where it is to be grasped."""


def _check_grasp(arm: Arm, held: HeldVessel) -> None:
    width = 2 * float(held.vessel.outer_radius(held.grasp_height))
    if arm.gripper is not None and width > arm.gripper.stroke:
        raise GraspError(
            f"{held.vessel.name} is {width * 1e3:.0f} mm wide where it is grasped; the gripper of "
            f"{arm.name} opens {arm.gripper.stroke * 1e3:.0f} mm: take another vessel or "
            "source.grasp_height"
        )


@lru_cache(maxsize=4)
def plan_pour(station: Station) -> PourPath:
    """The path that pours the held vessel into the target of a station.

    An unknown target is taken to be `UNKNOWN_HEIGHT` high. The result depends on the station alone
    and is kept: simulator, policy and recorder of a pour ask for the same.

    Raises:
        GraspError: the held vessel is too wide for the gripper.
        UntoldError: the station has no held vessel and target position.
        UnreachableError: the arm cannot follow it within its limits.
    """
    arm = station.arm
    held, position = station.placed("planning a pour")
    _check_grasp(arm, held)
    tilts = np.linspace(0.0, MAX_TILT, _KNOTS)
    lips = lip_positions(held.vessel, position, tilts, station.target)
    positions = np.empty((_KNOTS, len(arm.joints)))
    guess = arm.home
    for index, (tilt, lip) in enumerate(zip(tilts, lips, strict=True)):
        pose = tool_pose(held.vessel, held.grasp_height, lip, float(tilt))
        guess = inverse(arm, pose, guess)
        positions[index] = guess
        if index:
            guess = 2 * positions[index] - positions[index - 1]
    path = PourPath(tilts, positions)
    dense = path.at(np.linspace(0.0, MAX_TILT, 4 * _KNOTS))
    outside = (dense < arm.lower + _LIMIT_MARGIN) | (dense > arm.upper - _LIMIT_MARGIN)
    if outside.any():
        names = ", ".join(np.array(arm.names)[outside.any(axis=0)])
        place = ", ".join(f"{value:.3f}" for value in position)
        raise UnreachableError(
            f"{arm.name} would exceed the limits of {names} while pouring at ({place}) m; "
            "move the target"
        )
    return path
