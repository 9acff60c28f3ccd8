"""How far the held vessel is tilted, and the shortest way to turn it upright where it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward, jacobian

_STEP = 0.02
"""Turn per step of the integration [rad]."""
_DAMPING = 1e-3


class Upright:
    """The vessel's attitude by the arm's kinematics.

    At the arm's home the vessel stands upright; its axis is fixed in the tool frame from then on.
    """

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._axis = forward(arm, arm.home)[:3, :3].T @ np.array([0.0, 0.0, 1.0])

    def of_tools(self, tools: NDArray[np.float64]) -> NDArray[np.float64]:
        """Angle between the vessel's axis and the vertical [rad], (...), at tools (..., 4, 4)."""
        up = tools[..., :3, :3] @ self._axis
        return np.arctan2(np.hypot(up[..., 0], up[..., 1]), up[..., 2])

    def tilt(self, positions: NDArray[np.float64]) -> float:
        """Angle between the vessel's axis and the vertical [rad] at joint positions [rad], (J,)."""
        return float(self.of_tools(forward(self._arm, positions)))

    def levelling(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Poses from `positions` [rad], (J,), to upright, (N, J), the tool's origin kept in place.

        Integrates damped least-squares rates of the Jacobian; near a singularity it may fall short,
        so callers check where the path ends.
        """
        q = np.array(positions, float)
        origin = forward(self._arm, q)[:3, 3]
        poses = [q]
        for _ in range(int(np.ceil(2 * np.pi / _STEP))):
            at, J = jacobian(self._arm, q)
            up = at[:3, :3] @ self._axis
            turn = _shortest_turn(up, at[:3, 0])
            angle = float(np.linalg.norm(turn))
            if angle < 1e-6:
                break
            wish = np.concatenate([origin - at[:3, 3], turn * min(1.0, _STEP / angle)])
            q = q + J.T @ np.linalg.solve(J @ J.T + _DAMPING**2 * np.eye(6), wish)
            poses.append(q)
        return np.array(poses)


def _shortest_turn(up: NDArray[np.float64], fallback: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation vector [rad] that takes the unit vector `up` to the vertical."""
    axis = np.array([up[1], -up[0], 0.0])
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return np.zeros(3) if up[2] > 0 else np.pi * fallback
    return axis / sine * np.arctan2(sine, up[2])
