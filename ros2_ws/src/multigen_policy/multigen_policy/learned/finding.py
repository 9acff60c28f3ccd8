"""Finds held vessel and target by the camera, where the station is not told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from multigen_policy.learned.canonical import plane_view
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
FOUND = (
    "x", "y", "target_height", "target_radius", "held_radius", "held_above", "held_below",
)  # fmt: skip
"""What is found [cm]: the target from USUAL, its rim's height and radius, the held vessel's mouth,
and how far it reaches above and below the tool."""
USUAL_VALUES = np.array([0.0, 0.0, 12.0, 4.0, 3.7, 9.0, 7.0])
LOOKS = 5
"""Images that are looked at before the vessels count as found."""
PLACE = 6
"""Values that tell where the camera is."""
_WALL = 0.002


class UnseenError(MultigenError):
    """Without images nothing can be found."""


@dataclass(frozen=True, eq=False)
class Views:
    """What the network sees: uint8 `search` (*SEARCH, 3), `held` (*HELD, 3), `place` (PLACE,)."""

    search: NDArray[np.uint8]
    held: NDArray[np.uint8]
    place: NDArray[np.float32]


def views(station: Station, joints: NDArray[np.float64], rgb: NDArray[np.uint8],
          camera: CameraCalibration) -> Views:  # fmt: skip
    """The views of an image, taken at joint positions (J,) [rad]."""
    pose = station.camera.pose
    tool = forward(station.arm, joints)[:3, 3]
    table = plane_view(camera, pose, np.array(USUAL), SEARCH, SEARCH_PIXEL, SEARCH_BELOW)
    held = plane_view(camera, pose, tool, HELD, HELD_PIXEL, HELD_BELOW)
    offset = pose[:3, 3] - np.array(USUAL)
    place = [*(offset / 0.5), *((pose[:3, 3] - tool) / 0.5)]
    return Views(table.of(rgb), held.of(rgb), np.array(place, np.float32))


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
        camera = observation.camera or self._station.camera.calibration
        seen = views(self._station, observation.joints.positions, observation.image.rgb, camera)
        found = self._network.run(**as_inputs(seen))["found"][0].astype(np.float64)
        mean, scale = found.reshape(2, -1)
        self._seen.append(USUAL_VALUES + mean)
        self._weights.append(np.exp(-scale))
        if len(self._seen) < LOOKS:
            return None
        values = np.average(self._seen, axis=0, weights=self._weights)
        return found_station(self._station, values)


def as_inputs(seen: Views) -> dict[str, NDArray[Any]]:
    """The network's inputs."""
    return {
        "search": seen.search[None].astype(np.float32),
        "held": seen.held[None].astype(np.float32),
        "place": seen.place[None],
    }


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
