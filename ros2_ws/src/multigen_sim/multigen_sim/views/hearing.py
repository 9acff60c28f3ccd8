"""The cut-away hearing view: both vessels in section at a fixed scale, even if opaque.

Left: the tilted source, centred on its lip; right: the standing target. Rendering is by coverage:
the shade of a pixel is the fraction that a shape covers, so levels are visible to a small fraction
of a pixel. Colours are planes (3, H, W) until the end, which numpy computes faster.
"""

from __future__ import annotations

from math import cos, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_core.types import CameraCalibration
from multigen_core.world.material import material
from multigen_core.world.scene import Scene
from multigen_core.world.vessel import Vessel
from multigen_sim.views.splash import splash_drops
from multigen_sim.views.stream_mesh import Stream, trace
from multigen_sim.views.visible_liquid import VisibleLiquid

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
_BACKGROUND = np.full((3, HEIGHT, _PANEL), np.array([[[104.0]], [[106.0]], [[110.0]]]), np.float32)
_FOAM = (248.0, 250.0, 252.0)
_BUBBLES = 14
_COLUMNS = np.arange(_PANEL, dtype=np.float32)
_ROWS = np.arange(HEIGHT, dtype=np.float32)
_THINNEST_WALL = 0.9
"""Walls are rendered at least this wide [px], so that their material is visible."""

Grid = NDArray[np.floating[Any]]


def _cover(distance: Grid) -> Grid:
    """Fraction of a pixel inside an edge at a signed distance [m] from its centre (inside: > 0)."""
    return np.clip(distance / PIXEL + 0.5, 0.0, 1.0)


class _Section:
    """A vessel's section: fractions of a pixel covered by its wall and its inside."""

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
    """Renders the view of one pour; images are uint8 (HEIGHT, WIDTH, 3)."""

    def __init__(self, scene: Scene) -> None:
        source, target = scene.source.vessel, scene.target.vessel
        self._source = _Section(source)
        self._x = np.broadcast_to((_COLUMNS - _FOOT[0]) * PIXEL, (HEIGHT, _PANEL))
        self._z = np.broadcast_to(((_FOOT[1] - _ROWS) * PIXEL)[:, None], (HEIGHT, _PANEL))
        self._dx = np.broadcast_to((_COLUMNS - _LIP[0]) * PIXEL, (HEIGHT, _PANEL))
        self._dz = np.broadcast_to(((_LIP[1] - _ROWS) * PIXEL)[:, None], (HEIGHT, _PANEL))
        self._inside, self._wall = _Section(target).draw(
            self._x, self._z - np.float32(target.floor)
        )
        self._liquid = np.array(scene.liquid.colour[:3], np.float32) * 255
        self._source_wall = material(source.material).section
        self._target_wall = material(target.material).section

    def render(self, seen: VisibleLiquid) -> NDArray[np.uint8]:
        """The current view."""
        stream = trace(seen)
        panels = self._draw_source(seen, stream), self._draw_target(seen, stream)
        planes = np.concatenate([(panel + 0.5).astype(np.uint8) for panel in panels], axis=2)
        picture = np.asarray(cv2.merge([*planes]), np.uint8)
        self._add_drops(picture, seen)
        return picture

    def _draw_source(self, seen: VisibleLiquid, stream: Stream | None) -> Grid:
        vessel = seen.source
        c, s = np.float32(cos(seen.tilt)), np.float32(sin(seen.tilt))
        across = vessel.mouth_radius + self._dx * c - self._dz * s
        up = vessel.height + self._dx * s + self._dz * c
        inside, wall = self._source.draw(across, up)
        image = _BACKGROUND.copy()
        if stream is not None:
            flow = _stream_cover(stream, seen.lip, seen.downhill, self._dx[0], self._dz[:, 0])
            _blend(image, flow, self._liquid)
        if seen.source_volume > 0.0:
            surface = seen.source_head + self._dx * np.float32(seen.source_slope)
            wet = inside * _cover((surface - self._dz).astype(np.float32))
            _blend(image, wet, self._liquid)
        _blend(image, wall, self._source_wall)
        return image

    def _draw_target(self, seen: VisibleLiquid, stream: Stream | None) -> Grid:
        level, foot = seen.target_level, seen.target_position
        slope = np.float32(seen.target_slope)
        surface = np.float32(seen.target.floor + level) + slope * self._x
        wet = self._inside * _cover(surface - self._z) if level > 0 else np.zeros_like(self._inside)
        image = _BACKGROUND.copy()
        if stream is not None:
            flow = _stream_cover(stream, foot, seen.downhill, self._x[0], self._z[:, 0])
            _blend(image, flow * (1 - wet) * (1 - self._wall), self._liquid)
        _blend(image, wet, self._liquid)
        _blend(image, self._wall, self._target_wall)
        self._add_plume(image, wet, seen)
        return image

    def _add_plume(self, image: Grid, wet: Grid, seen: VisibleLiquid) -> None:
        """Entrained air under the point of impact: deeper and denser with the jet's momentum."""
        if seen.inflow_rate < 1e-8:
            return
        momentum = min(seen.inflow_rate * seen.impact_speed / 1.2e-4, 1.0)
        vigour = momentum * min(seen.liquid.bubbliness, 2.0)
        deep = 0.008 + 0.05 * vigour
        middle = (seen.impact_point[1] - seen.target_position[1]) * seen.downhill[1]
        under = np.float32(seen.target.floor + seen.target_level) - self._z
        spread = 0.006 + 0.25 * np.maximum(under, 0)
        cloud = np.exp(
            -(((self._x - np.float32(middle)) / spread) ** 2) - np.maximum(under, 0) / deep
        )
        _blend(image, wet * np.clip(0.7 * vigour**0.5 * cloud, 0, 0.8), _FOAM)

    def _add_drops(self, picture: NDArray[np.uint8], seen: VisibleLiquid) -> None:
        foot = seen.target_position
        colour = tuple(int(v) for v in self._liquid)
        for centre, radius in splash_drops(seen):
            column = _PANEL + _FOOT[0] + (centre[1] - foot[1]) / PIXEL
            row = _FOOT[1] - (centre[2] - foot[2]) / PIXEL
            if _PANEL + 1 < column < WIDTH and 0 <= row < HEIGHT:
                place = (round(column * 16), round(row * 16))
                cv2.circle(
                    picture, place, max(round(radius / PIXEL * 16), 8), colour, -1, cv2.LINE_AA, 4
                )


def _blend(image: Grid, cover: Grid, colour: ArrayLike) -> None:
    """Lay a colour, (3,), over planes, (3, H, W), where it covers them, (H, W)."""
    image += cover * (np.asarray(colour, np.float32)[:, None, None] - image)


def _stream_cover(
    stream: Stream,
    origin: NDArray[np.float64],
    forward: NDArray[np.float64],
    columns: Grid,
    rows: Grid,
) -> Grid:
    """Fraction of each pixel, (rows, columns) [m] from `origin`, covered by the stream."""
    height = stream.centres[::-1, 2] - origin[2]
    order = np.maximum.accumulate(height)
    ahead = (stream.centres[::-1] - origin) @ forward
    half = np.maximum(stream.along[::-1], 0.0)
    centre = np.interp(rows, order, ahead)[:, None]
    width = np.interp(rows, order, half, left=0.0, right=0.0)[:, None]
    right = np.minimum(columns + PIXEL / 2, centre + width)
    left = np.maximum(columns - PIXEL / 2, centre - width)
    return np.clip((right - left) / PIXEL, 0.0, 1.0).astype(np.float32)
