"""A trajectory along a path of poses, within limits, that takes over from any motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from multigen_core.arm.trajectory import Trajectory
from multigen_core.errors import MultigenError
from multigen_core.guard.judgement import violation
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Motion, Start
from multigen_core.guard.rules import Rule, time

STEP = 0.1
"""Spacing of trajectory points [s]."""
_SHARE = 0.85
"""Share of the limits that is planned with; the rest is room for curvature and lag."""
_RAMP = 0.8
"""Duration of speeding up and of slowing down [s]."""
_FINE = 0.01
_SMOOTHING = 0.02
_STRETCH = 1.2
_ATTEMPTS = 20


class RetreatError(MultigenError):
    """No trajectory along the path obeys the limits."""


def braking(start: Start, limits: Limits) -> tuple[float, NDArray[np.float64]]:
    """Duration of braking at constant deceleration [s], and the pose [rad], (J,), where it ends."""
    position, velocity = start
    seconds = float((np.abs(velocity) / (_SHARE * limits.acceleration)).max())
    # As good as at rest, or else long enough to be a trajectory's first step.
    seconds = 0.0 if seconds < STEP / 5 else max(seconds, limits.soonest)
    return seconds, position + velocity * seconds / 2


def along(
    path: NDArray[np.float64],
    limits: Limits,
    measured: NDArray[np.float64],
    start: Start,
) -> Trajectory:
    """Brake, then follow `path` from rest to rest as fast as the limits allow.

    Args:
        path: poses [rad], (N, J), of which the first is where braking ends.
        limits: of the arm.
        measured: positions [rad], (J,).
        start: position [rad] and velocity [rad/s], (J,) each, at which the controller takes over.

    Raises:
        RetreatError: the path breaks a limit however slowly it is followed.
    """
    times, positions, velocities = _brake(start, limits)
    curve = _smooth(path, limits)
    reason = ""
    for attempt in range(_ATTEMPTS):
        t, q, v = _ride(curve, _STRETCH**attempt)
        trajectory = Trajectory(
            limits.names,
            np.concatenate([times, (times[-1] if len(times) else 0.0) + t]),
            np.vstack([positions, q]),
            np.vstack([velocities, v]),
        )
        found = time(trajectory, limits) or violation(Motion(trajectory, measured, start), limits)
        if found is None:
            return trajectory
        reason = found.reason
        if found.rule in (Rule.POSITION, Rule.JUMP):
            break
    raise RetreatError(f"no retreat within the limits: {reason}")


def _brake(
    start: Start, limits: Limits
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    position, velocity = start
    seconds, _ = braking(start, limits)
    if not seconds:
        return np.empty(0), np.empty((0, len(position))), np.empty((0, len(position)))
    count = int(np.ceil(seconds / STEP))
    t = seconds * np.arange(1, count + 1)[:, None] / count
    positions = position + velocity * (t - t**2 / (2 * seconds))
    return t[:, 0], positions, velocity * (1 - t / seconds)


def _smooth(path: NDArray[np.float64], limits: Limits) -> CubicSpline | NDArray[np.float64]:
    """The path over its length, a pose alone if it has none.

    Length is measured in seconds of the fastest joint at full speed.
    """
    steps = np.abs(np.diff(path, axis=0)).max(axis=1, initial=0.0)
    path = path[np.concatenate([[True], steps > 1e-6])]
    if len(path) < 2:
        return path[0]
    reach = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(path, axis=0)).max(axis=1))])
    fine = np.linspace(0.0, reach[-1], max(3, int(np.ceil(reach[-1] / _FINE)) + 1))
    poses = np.column_stack([np.interp(fine, reach, joint) for joint in path.T])
    # Reflected about its ends, so that smoothing leaves those where they are.
    extended = np.vstack([2 * poses[0] - poses[:0:-1], poses, 2 * poses[-1] - poses[-2::-1]])
    sigma = min(_SMOOTHING / _FINE, len(fine) / 6)
    poses[1:-1] = gaussian_filter1d(extended, sigma, axis=0)[len(fine) : 2 * len(fine) - 2]
    length = np.abs(np.diff(poses, axis=0) / limits.velocity).max(axis=1)
    # Where the path turns back, its smoothed poses draw together. Counting them as no shorter than
    # the path about them lets the curve slow down there instead of turning within one step.
    length = np.maximum(length, gaussian_filter1d(length, sigma, mode="nearest"))
    return CubicSpline(np.concatenate([[0.0], np.cumsum(length)]), poses)


def _ride(
    curve: CubicSpline | NDArray[np.float64], stretch: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Times, positions and velocities along the curve, with cosine ramps of the speed."""
    if not isinstance(curve, CubicSpline):
        return np.array([STEP]), curve[None], np.zeros_like(curve)[None]
    length = float(curve.x[-1])
    ramp = _RAMP * stretch
    speed = min(_SHARE / stretch, length / ramp)
    total = length / speed + ramp
    count = int(np.ceil(total / STEP))
    t = total * np.arange(1, count + 1) / count
    # Time from the nearer end; the profile is symmetric.
    near = np.minimum(t, total - t)
    rising = np.minimum(near, ramp)
    rate = speed * (1 - np.cos(np.pi * rising / ramp)) / 2
    way = speed * (rising / 2 - ramp / (2 * np.pi) * np.sin(np.pi * rising / ramp))
    way = way + speed * np.maximum(near - ramp, 0.0)
    s = np.where(t <= total / 2, way, length - way)
    positions, velocities = curve(s), curve(s, 1) * rate[:, None]
    positions[-1], velocities[-1] = curve(length), 0.0
    return t, positions, velocities
