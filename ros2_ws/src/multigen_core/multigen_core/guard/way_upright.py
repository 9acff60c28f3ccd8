"""How an arm brings a tilted vessel upright again, wherever it has come from.

The way back is, in order of preference:

1. the reverse of the path since the vessel last stood upright at rest, loops erased, which is known
   to be free; unless that would tilt the vessel further on the way;
2. the shortest turn to upright with the tool kept in place, when the path is unknown because
   watching began in the midst of a pour;
3. the reverse path even if it tilts the vessel further.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.limits import Limits
from multigen_core.guard.motion import Start
from multigen_core.guard.path_memory import PathMemory
from multigen_core.guard.retreat import RetreatError, along, braking
from multigen_core.guard.upright import Upright

_TILT_MARGIN = 0.1
"""How much further than at its start a way may tilt the vessel [rad]."""
_NOISE = 0.01
"""How far beyond a limit a joint that keeps it may be measured [rad]."""


class WayUpright:
    """Remembers how the arm came, and plans its way back to an upright vessel.

    Positions of continuous joints may be given in any turn.

    Args:
        arm: its description.
        limits: what the way obeys.
        tolerance: tilt up to which the vessel counts as upright [rad].
    """

    def __init__(self, arm: Arm, limits: Limits, tolerance: float = 0.05) -> None:
        self._arm = arm
        self._limits = limits
        self._tolerance = tolerance
        self._upright = Upright(arm)
        self._memory: PathMemory | None = None

    def observe(self, positions: NDArray[np.float64]) -> None:
        """Remember measured `positions` [rad], (J,); a path that begins tilted ends upright."""
        if self._memory is None:
            self.restart(positions)
            return
        poses = self._memory.poses
        positions = self._arm.nearest_turn(positions, poses[-1])
        new = self._memory.add(positions)
        if new and self.tilted(poses[0]) and not self.tilted(positions):
            self._memory.restart(positions)

    def restart(self, positions: NDArray[np.float64]) -> None:
        """Begin anew at `positions` [rad], (J,), where the vessel stands upright at rest."""
        self._memory = PathMemory(positions)

    def tilt(self, positions: NDArray[np.float64]) -> float:
        """The vessel's tilt [rad] at `positions` [rad], (J,)."""
        return self._upright.tilt(positions)

    def tilted(self, positions: NDArray[np.float64]) -> bool:
        """Whether the vessel is not upright at `positions` [rad], (J,)."""
        return self.tilt(positions) > self._tolerance

    def plan(self, measured: NDArray[np.float64], start: Start) -> Trajectory:
        """Brake, then bring the vessel upright.

        Args:
            measured: positions [rad], (J,).
            start: position [rad] and velocity [rad/s], (J,) each, at which the controller takes
                over.

        Raises:
            RetreatError: no way obeys the limits; says of every one why.
        """
        self.observe(measured)
        measured = self._arm.nearest_turn(measured, start[0])
        _, stand = braking(start, self._limits)
        faults = []
        for path in self._ways(stand, start[0]):
            try:
                return along(path, self._limits, measured, start)
            except RetreatError as error:
                faults.append(str(error))
        raise RetreatError(
            "; ".join(faults) or "the way it came is unknown and a turn in place does not get there"
        )

    def _ways(
        self, stand: NDArray[np.float64], begin: NDArray[np.float64]
    ) -> list[NDArray[np.float64]]:
        """Paths from where the arm comes to a stand to upright, the best first."""
        assert self._memory is not None
        poses = self._memory.poses[::-1]
        within = np.clip(poses, self._limits.lower, self._limits.upper)
        poses = np.where(np.abs(within - poses) < _NOISE, within, poses)
        poses = poses + (self._arm.nearest_turn(poses[0], begin) - poses[0])
        back = np.vstack([stand, begin, poses])
        turn = self._upright.levelling(stand)
        ways = [] if self.tilted(turn[-1]) else [turn]
        if not self.tilted(back[-1]):
            highest = max(self.tilt(pose) for pose in back)
            known_good = highest <= self.tilt(stand) + _TILT_MARGIN
            ways.insert(0 if known_good else len(ways), back)
        return ways
