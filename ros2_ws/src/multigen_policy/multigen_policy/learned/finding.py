"""Finds held vessel and target by the camera, where the station is not told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm.kinematics import forward
from multigen_core.errors import MultigenError
from multigen_core.learning.runtime import Network
from multigen_core.policy import Observation
from multigen_core.station import HeldVessel, Station
from multigen_core.types import CameraCalibration
from multigen_core.world.scene import Scene, TargetSpec
from multigen_core.world.vessel import Vessel
from multigen_policy.learned.canonical import Plane
from multigen_policy.learned.weights import FINDER

SEARCH = (112, 136)
"""Rows and columns of the view of the table."""
SEARCH_PIXEL, SEARCH_BELOW = 0.0035, 0.08
"""Its pixels [m], and what it shows below the table's height [m]."""
HELD = (112, 80)
HELD_PIXEL, HELD_BELOW = 0.0025, 0.16
"""The view of the held vessel shows that much below the tool [m]."""
USUAL = TargetSpec().position
"""Around where targets stand [m]."""
POINTS = ("rim", "foot", "left", "right")
"""What is found of either vessel in its view: the rim's and the foot's centre, the rim's sides."""
FOUND = (
    "x", "y", "target_height", "target_radius", "held_radius", "held_above", "held_below",
)  # fmt: skip
"""What follows [cm]: the target from USUAL, its rim's height and radius, the held vessel's mouth,
and how far it reaches above and below the tool."""
LOOKS = 5
"""Images that are looked at before the vessels count as found."""
_WALL = 0.002


class UnseenError(MultigenError):
    """Without images nothing can be found."""


@dataclass(frozen=True, eq=False)
class Planes:
    """Where the camera looks for the target and for the held vessel, `tool` (3,) [m]."""

    search: Plane
    held: Plane
    tool: NDArray[np.float64]

    @classmethod
    def of(cls, station: Station, joints: NDArray[np.float64]) -> Planes:
        """At joint positions (J,) [rad]."""
        return cls.at(station.camera.pose, forward(station.arm, joints)[:3, 3])

    @classmethod
    def at(cls, pose: NDArray[np.float64], tool: NDArray[np.float64]) -> Planes:
        """Of a camera at `pose` (4, 4)."""
        return cls(
            Plane.facing(pose, np.array(USUAL), SEARCH, SEARCH_PIXEL, SEARCH_BELOW),
            Plane.facing(pose, tool, HELD, HELD_PIXEL, HELD_BELOW),
            tool,
        )

    def views(
        self, rgb: NDArray[np.uint8], camera: CameraCalibration, pose: NDArray[np.float64]
    ) -> dict[str, NDArray[np.uint8]]:
        """What the network sees of an image: `search` (*SEARCH, 3) and `held` (*HELD, 3)."""
        return {
            "search": self.search.view(camera, pose).of(rgb),
            "held": self.held.view(camera, pose).of(rgb),
        }

    def points_of(self, scene: Scene) -> NDArray[np.float64]:
        """Columns and rows (2, 4, 2) at which the POINTS of target and held vessel appear."""
        target, source = scene.target, scene.source
        foot = np.asarray(target.position, float)
        bottom = self.tool - [0.0, 0.0, source.grasp_height]
        return np.stack(
            [
                self.search.where(_points(target.vessel, foot, self.search.right)),
                self.held.where(_points(source.vessel, bottom, self.held.right)),
            ]
        )

    def values(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values named FOUND [cm] that follow from POINTS, (2, 4, 2).

        The target stands where the camera's ray through its foot meets the table. The rest follows
        from rays at the distance of the vessel's axis.
        """
        table = USUAL[2]
        centre = self.search.centre
        foot = self.search.points(points[0][1]) - centre
        spot = centre + foot * (table - centre[2]) / foot[2]
        top, radius = _rim(self.search, points[0], spot)
        held_top, held_radius = _rim(self.held, points[1], self.tool)
        bottom = _height(self.held, points[1][1], self.tool)
        return 100 * np.array([
            spot[0] - USUAL[0], spot[1] - USUAL[1], top - table, radius,
            held_radius, held_top - self.tool[2], self.tool[2] - bottom,
        ])  # fmt: skip


def _points(
    vessel: Vessel, foot: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The POINTS (4, 3) of a vessel that stands upright on `foot` [m]."""
    rim = foot + np.array([0.0, 0.0, vessel.rim_height])
    side = vessel.mouth_radius * right
    return np.stack([rim, foot, rim - side, rim + side])


def _distance(plane: Plane, ray: NDArray[np.float64], spot: NDArray[np.float64]) -> float:
    """How far along a ray (3,) the vertical through `spot` (3,) is, in lengths of the ray."""
    level = ray[:2]
    return float((spot[:2] - plane.centre[:2]) @ level / (level @ level))


def _height(plane: Plane, at: NDArray[np.float64], spot: NDArray[np.float64]) -> float:
    ray = plane.points(at) - plane.centre
    return float(plane.centre[2] + _distance(plane, ray, spot) * ray[2])


def _rim(
    plane: Plane, points: NDArray[np.float64], spot: NDArray[np.float64]
) -> tuple[float, float]:
    """Height and radius [m] of the rim above `spot`."""
    ray = plane.points(points[0]) - plane.centre
    across = (points[3, 0] - points[2, 0]) * plane.pixel
    return _height(plane, points[0], spot), 0.5 * across * _distance(plane, ray, spot)


def truth_of(scene: Scene) -> NDArray[np.float64]:
    """The values named FOUND of a scene [cm]."""
    target, source = scene.target, scene.source
    return 100 * np.array([
        target.position[0] - USUAL[0], target.position[1] - USUAL[1],
        target.vessel.rim_height, target.vessel.mouth_radius,
        source.vessel.mouth_radius, source.vessel.rim_height - source.grasp_height,
        source.grasp_height,
    ])  # fmt: skip


class Finder:
    """Looks at some images of the vessels at rest, then knows a station."""

    def __init__(self, station: Station, folder: Path) -> None:
        """Load the weights in a folder.

        Raises:
            WeightsError: they are missing, damaged or of another version.
        """
        self._station = station
        self._network = Network(folder, "finder", FINDER)
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.doubt = math.inf
        """Mean scale of where the target's points may be, once found [pixels]."""
        self._seen: list[NDArray[np.float64]] = []
        self._weights: list[NDArray[np.float64]] = []

    def look(self, observation: Observation) -> Station | None:
        """The station as found, once enough has been seen.

        Raises:
            UnseenError: there is no image.
        """
        if observation.image is None:
            raise UnseenError(
                "told:=nothing needs a camera to find the vessels; launch with told:=station"
            )
        station = self._station
        camera = observation.camera or station.camera.calibration
        planes = Planes.of(station, observation.joints.positions)
        seen = planes.views(observation.image.rgb, camera, station.camera.pose)
        given = {name: view[None].astype(np.float32) for name, view in seen.items()}
        found = self._network.run(**given)
        self._seen.append(found["points"][0].astype(np.float64))
        self._weights.append(np.exp(-found["scales"][0].astype(np.float64)))
        if len(self._seen) < LOOKS:
            return None
        points = np.average(self._seen, axis=0, weights=self._weights)
        self.doubt = float(np.mean([1.0 / weights[0] for weights in self._weights]))
        return found_station(station, planes.values(points))


def found_station(station: Station, values: NDArray[np.float64]) -> Station:
    """A station with vessels of simple shapes that have the values named FOUND [cm]."""
    x, y, height, radius, held_radius, above, below = np.asarray(values, float) / 100
    target = _straight("found target", max(height, 0.03), max(radius, 0.015))
    held = _straight("found held vessel", max(above + below, 0.05), max(held_radius, 0.01))
    return Station(
        station.arm,
        station.camera,
        HeldVessel(held, float(np.clip(below, 0.01, held.rim_height - 0.01))),
        (USUAL[0] + float(x), USUAL[1] + float(y), USUAL[2]),
        target,
    )


def _straight(name: str, rim_height: float, radius: float) -> Vessel:
    return Vessel(
        name=name, description="as the camera saw it",
        profile=((0.0, radius), (rim_height - _WALL, radius)), wall=_WALL, mass=0.2,
        material="glass", opaque=True,
    )  # fmt: skip
