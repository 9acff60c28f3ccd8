"""The cut-away hearing view: both vessels in section at a fixed scale, whatever their walls hide.

Left the tilted source about its lip, right the standing target. It is drawn by coverage: every
pixel's shade is the part of it that a shape covers, so that a level shows to a small fraction of a
pixel.
"""

from __future__ import annotations

from math import cos, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.types import CameraCalibration
from multigen_core.world.material import material
from multigen_core.world.vessel import Vessel
from multigen_sim.liquid.hydraulics import Hydraulics
from multigen_sim.liquid.ledger import Place
from multigen_sim.views.splash import splash_drops
from multigen_sim.views.stream_mesh import Stream, trace

PIXEL = 0.002
"""Size of a pixel [m]."""
WIDTH, HEIGHT = 160, 128
_PANEL = WIDTH // 2
_LIP = (72.0, 50.0)
"""Column and row of the source's lip."""
_FOOT = (39.5, 123.0)
"""Column and row of the foot of the target in its panel."""
CALIBRATION = CameraCalibration(
    WIDTH,
    HEIGHT,
    np.array([[1 / PIXEL, 0, _PANEL + _FOOT[0]], [0, 1 / PIXEL, _FOOT[1]], [0, 0, 1.0]]),
)
"""The scale [px/m] as focal lengths, and the pixel of the target's foot as the principal point."""
_BACKGROUND = np.array([104.0, 106.0, 110.0], np.float32)
_FOAM = np.array([248.0, 250.0, 252.0], np.float32)
_BUBBLES = 14
_COLUMNS = np.arange(_PANEL, dtype=np.float32)
_ROWS = np.arange(HEIGHT, dtype=np.float32)
_THINNEST_WALL = 0.9
"""Walls are drawn at least this wide [px], so that their material shows."""

Grid = NDArray[np.floating[Any]]


def _cover(distance: Grid) -> Grid:
    """Part of a pixel inside an edge at a signed distance [m] from its centre, inside positive."""
    return np.clip(distance / PIXEL + 0.5, 0.0, 1.0)


class _Section:
    """A vessel's section: how much of a pixel its wall and its inside cover."""

    def __init__(self, vessel: Vessel) -> None:
        z, r = np.array(vessel.profile).T
        self._heights = np.linspace(-vessel.floor, vessel.height, 512)
        self._radii = np.interp(self._heights, z, r).astype(np.float32)
        slope = np.gradient(self._radii, self._heights)
        self._slant = (1.0 / np.hypot(1.0, slope)).astype(np.float32)
        self._step = (vessel.height + vessel.floor) / 511
        self._vessel = vessel
        self._wall = max(vessel.wall, _THINNEST_WALL * PIXEL)

    def draw(self, across: Grid, up: Grid) -> tuple[Grid, Grid]:
        """Coverage of the inside and of the wall at points `across` the axis and `up` it [m]."""
        vessel = self._vessel
        index = np.clip((up + vessel.floor) / self._step, 0, 511).astype(np.intp)
        side = np.abs(across)
        edge = (self._radii[index] - side) * self._slant[index]
        below_mouth = _cover(vessel.height - up)
        inside = _cover(edge) * _cover(up) * below_mouth
        outside = _cover(edge + self._wall) * below_mouth * _cover(up + vessel.wall)
        if vessel.stem:
            stem = _cover(0.004 - side) * _cover(up + vessel.floor) * _cover(-vessel.wall - up)
            outside = np.maximum(outside, stem)
        return inside, np.clip(outside - inside, 0.0, 1.0)


class HearingView:
    """Draws the view of one pour; pictures are uint8 (HEIGHT, WIDTH, 3)."""

    def __init__(self, hydraulics: Hydraulics) -> None:
        self._pour = hydraulics
        self._source = _Section(hydraulics.source)
        self._x = np.broadcast_to((_COLUMNS - _FOOT[0]) * PIXEL, (HEIGHT, _PANEL))
        self._z = np.broadcast_to(((_FOOT[1] - _ROWS) * PIXEL)[:, None], (HEIGHT, _PANEL))
        self._dx = np.broadcast_to((_COLUMNS - _LIP[0]) * PIXEL, (HEIGHT, _PANEL))
        self._dz = np.broadcast_to(((_LIP[1] - _ROWS) * PIXEL)[:, None], (HEIGHT, _PANEL))
        target = hydraulics.target
        self._inside, self._wall = _Section(target).draw(
            self._x, self._z - np.float32(target.floor)
        )
        self._liquid = np.array(hydraulics.liquid.colour[:3], np.float32) * 255
        self._source_wall = np.array(material(hydraulics.source.material).section, np.float32)
        self._target_wall = np.array(material(target.material).section, np.float32)

    def render(self) -> NDArray[np.uint8]:
        """The view of this moment."""
        pour = self._pour
        stream = trace(pour.jet, pour.time, pour.liquid, pour.flow.width)
        lip = pour.pose.lip(pour.source.mouth_radius)
        foot = pour.target_position
        canvas = np.empty((HEIGHT, WIDTH, 3), np.float32)
        canvas[:, :_PANEL] = self._draw_source(stream, lip)
        canvas[:, _PANEL:] = self._draw_target(stream, foot)
        picture = (canvas + 0.5).astype(np.uint8)
        self._add_drops(picture, foot)
        return picture

    def _draw_source(self, stream: Stream | None, lip: NDArray[np.float64]) -> Grid:
        pour, vessel = self._pour, self._pour.source
        c, s = np.float32(cos(pour.pose.tilt)), np.float32(sin(pour.pose.tilt))
        across = vessel.mouth_radius + self._dx * c - self._dz * s
        up = vessel.height + self._dx * s + self._dz * c
        inside, wall = self._source.draw(across, up)
        image = np.broadcast_to(_BACKGROUND, (HEIGHT, _PANEL, 3)).copy()
        if stream is not None:
            flow = _stream_cover(stream, lip, pour.pose.downhill, self._dx[0], self._dz[:, 0])
            _blend(image, flow, self._liquid)
        if pour.volumes[Place.SOURCE] > 0.0:
            slope = np.float32(pour.source_slosh.height / pour.surface_radius)
            surface = pour.head + pour.source_slosh.height + self._dx * slope
            wet = inside * _cover((surface - self._dz).astype(np.float32))
            _blend(image, wet, self._liquid)
        _blend(image, wall, self._source_wall)
        return image

    def _draw_target(self, stream: Stream | None, foot: NDArray[np.float64]) -> Grid:
        pour = self._pour
        level = pour.target_level
        radius = max(float(pour.target.radius(level)), 5e-3)
        slope = np.float32(-pour.target_slosh.height / radius)
        surface = np.float32(pour.target.floor + level) + slope * self._x
        wet = self._inside * _cover(surface - self._z) if level > 0 else np.zeros_like(self._inside)
        image = np.broadcast_to(_BACKGROUND, (HEIGHT, _PANEL, 3)).copy()
        if stream is not None:
            flow = _stream_cover(stream, foot, pour.pose.downhill, self._x[0], self._z[:, 0])
            _blend(image, flow * (1 - wet) * (1 - self._wall), self._liquid)
        _blend(image, wet, self._liquid)
        _blend(image, self._wall, self._target_wall)
        self._add_plume(image, wet, foot, level)
        return image

    def _add_plume(self, image: Grid, wet: Grid, foot: NDArray[np.float64], level: float) -> None:
        """Entrained air under the point of impact: deeper and denser with the jet's momentum."""
        state = self._pour.liquid_state(0)
        if state.inflow_rate < 1e-8:
            return
        liquid = self._pour.liquid
        vigour = min(state.inflow_rate * state.impact_speed / 1.2e-4, 1.0) * min(
            liquid.bubbliness, 2.0
        )
        deep = 0.008 + 0.05 * vigour
        middle = (self._pour.impact_point[1] - foot[1]) * self._pour.pose.downhill[1]
        under = np.float32(self._pour.target.floor + level) - self._z
        spread = 0.006 + 0.25 * np.maximum(under, 0)
        cloud = np.exp(
            -(((self._x - np.float32(middle)) / spread) ** 2) - np.maximum(under, 0) / deep
        )
        _blend(image, wet * np.clip(0.7 * vigour**0.5 * cloud, 0, 0.8), _FOAM)

    def _add_drops(self, picture: NDArray[np.uint8], foot: NDArray[np.float64]) -> None:
        colour = tuple(int(v) for v in self._liquid)
        for centre, radius in splash_drops(self._pour):
            column = _PANEL + _FOOT[0] + (centre[1] - foot[1]) / PIXEL
            row = _FOOT[1] - (centre[2] - foot[2]) / PIXEL
            if _PANEL + 1 < column < WIDTH and 0 <= row < HEIGHT:
                place = (round(column * 16), round(row * 16))
                cv2.circle(
                    picture, place, max(round(radius / PIXEL * 16), 8), colour, -1, cv2.LINE_AA, 4
                )


def _blend(image: Grid, cover: Grid, colour: NDArray[np.float32]) -> None:
    image += cover[..., None] * (colour - image)


def _stream_cover(
    stream: Stream,
    origin: NDArray[np.float64],
    forward: NDArray[np.float64],
    columns: Grid,
    rows: Grid,
) -> Grid:
    """Part of each pixel, (rows, columns) [m] from `origin`, that the stream covers."""
    height = stream.centres[::-1, 2] - origin[2]
    order = np.maximum.accumulate(height)
    ahead = (stream.centres[::-1] - origin) @ forward
    half = np.maximum(stream.along[::-1], 0.0)
    centre = np.interp(rows, order, ahead)[:, None]
    width = np.interp(rows, order, half, left=0.0, right=0.0)[:, None]
    right = np.minimum(columns + PIXEL / 2, centre + width)
    left = np.maximum(columns - PIXEL / 2, centre - width)
    return np.clip((right - left) / PIXEL, 0.0, 1.0).astype(np.float32)
