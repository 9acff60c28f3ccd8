"""Parcels of liquid in flight, from the lip to where they land."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.world.vessel import Vessel
from multigen_core.world.wetting import GRAVITY
from multigen_sim.views.visible_liquid import Parcels

_SLOTS = 512


def fall_time(height: float, upward: float) -> float:
    """Time [s] a parcel thrown with vertical speed `upward` [m/s] needs to fall by `height` [m]."""
    under = upward**2 + 2.0 * GRAVITY * height
    return (upward + under**0.5) / GRAVITY if under > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Landing:
    """Landings in one step: volumes [m^3] by place, and the jet's impact on the surface."""

    target: float = 0.0
    rim: float = 0.0
    outside: float = 0.0
    speed: float = 0.0
    diameter: float = 0.0
    point: tuple[float, float] = (0.0, 0.0)


_NOTHING = Landing()


class Jet:
    """Ballistic parcels; where and when each lands is computed when it leaves the lip.

    A parcel is a disc as wide as the jet. At the plane of the target's rim it splits into the parts
    inside the mouth, on the rim and outside. `volume`, `origin`, `velocity`, `born`, `lands` are
    (N,) or (N, 3) arrays over slots; a slot is in flight while its volume is above 0.
    """

    def __init__(self, target: Vessel, position: NDArray[np.float64]) -> None:
        self._target = target
        self._mouth = target.mouth_radius
        self._wall = target.wall
        self._position = position
        self._rim = float(position[2]) + target.rim_height
        self.volume = np.zeros(_SLOTS)
        self.origin = np.zeros((_SLOTS, 3))
        self.velocity = np.zeros((_SLOTS, 3))
        self.born = np.zeros(_SLOTS)
        self.lands = np.full(_SLOTS, np.inf)
        self.rate = np.zeros(_SLOTS)
        self.drops = np.zeros(_SLOTS, bool)
        self._share = np.zeros((_SLOTS, 3))
        self._speed = np.zeros(_SLOTS)
        self._next = 0
        self.flying = 0
        """Number of parcels in flight."""
        self._soonest = np.inf

    def emit(
        self,
        time: float,
        volume: float,
        rate: float,
        origin: NDArray[np.float64],
        velocity: NDArray[np.float64],
        surface: float,
        drop: bool = False,
    ) -> float:
        """Release `volume` [m^3] at `origin` [m] with `velocity` [m/s] towards a `surface` [m].

        Returns the volume accepted: 0 when every slot is in flight.
        """
        slot = self._next
        if self.volume[slot] > 0.0:
            return 0.0
        self._next = (slot + 1) % _SLOTS
        x, y, z = origin
        vx, vy, vz = velocity
        to_rim = fall_time(z - self._rim, vz)
        at_rim = max(vz * vz + 2.0 * GRAVITY * (z - self._rim), 1e-4) ** 0.5
        diameter = (4.0 * rate / (np.pi * max(at_rim, 0.1))) ** 0.5 + 1e-3
        px, py = x + vx * to_rim - self._position[0], y + vy * to_rim - self._position[1]
        distance = (px * px + py * py) ** 0.5
        inside = min(max((self._mouth - distance) / diameter + 0.5, 0.0), 1.0)
        within = min(max((self._mouth + self._wall - distance) / diameter + 0.5, 0.0), 1.0)
        depth = z - (surface if inside > 0.0 else self._position[2])
        flight = max(fall_time(depth, vz), 1e-4)
        self.volume[slot] = volume
        self.rate[slot] = rate
        self.origin[slot] = origin
        self.velocity[slot] = velocity
        self.born[slot] = time
        self.lands[slot] = time + flight
        self._soonest = min(self._soonest, time + flight)
        self.flying += 1
        self.drops[slot] = drop
        self._share[slot] = inside, within - inside, 1.0 - within
        self._speed[slot] = (vx * vx + vy * vy + (vz - GRAVITY * flight) ** 2) ** 0.5
        return volume

    def land(self, time: float) -> Landing:
        """Remove the parcels that have landed by `time` [s]."""
        if self._soonest > time:
            return _NOTHING
        down = np.flatnonzero(self.lands <= time)
        volume = self.volume[down]
        target, rim, outside = volume @ self._share[down]
        weight = volume * self._share[down, 0]
        total = float(weight.sum())
        speed = float(weight @ self._speed[down]) / total if total > 0.0 else 0.0
        last = down[np.argmax(self.lands[down])]
        rate = float(self.rate[down].max())
        diameter = (4.0 * rate / (np.pi * max(speed, 0.1))) ** 0.5
        flight = self.lands[last] - self.born[last]
        point = self.origin[last] + self.velocity[last] * flight
        point[2] -= 0.5 * GRAVITY * flight**2
        self._keep_inside(np.array([last]), point[None])
        self.volume[down] = 0.0
        self.lands[down] = np.inf
        self.flying -= len(down)
        self._soonest = float(self.lands.min())
        return Landing(
            float(target),
            float(rim),
            float(outside),
            speed,
            diameter,
            (float(point[0]), float(point[1])),
        )

    def parcels(self, time: float) -> Parcels:
        """The parcels in flight at `time` [s]."""
        slots = np.flatnonzero(self.volume > 0.0)
        slots = slots[np.argsort(-self.born[slots], kind="stable")]
        age = (time - self.born[slots])[:, None]
        points = self.origin[slots] + self.velocity[slots] * age
        points[:, 2] -= 0.5 * GRAVITY * age[:, 0] ** 2
        self._keep_inside(slots, points)
        return Parcels(
            points,
            self.velocity[slots],
            self.born[slots],
            self.origin[slots, 2] - points[:, 2],
            self.rate[slots],
            self.volume[slots],
            self.drops[slots],
        )

    def _keep_inside(self, slots: NDArray[np.intp], points: NDArray[np.float64]) -> None:
        """Parcels that fell through the mouth and hit the wall run down along it."""
        within = (points[:, 2] < self._rim) & (self._share[slots, 0] > 0.5)
        if not within.any():
            return
        offset = points[within, :2] - self._position[:2]
        distance = np.hypot(offset[:, 0], offset[:, 1])
        depth = points[within, 2] - self._position[2] - self._target.floor
        room = 0.94 * self._target.radius(depth)
        points[within, :2] = (
            self._position[:2]
            + offset * np.minimum(1.0, room / np.maximum(distance, 1e-9))[:, None]
        )
