"""The image of the scene's public camera, rendered by MuJoCo."""

from __future__ import annotations

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from multigen_core.world.scene import Scene
from multigen_sim.views import model_names as names
from multigen_sim.views.gl_context import GlContext
from multigen_sim.views.liquid_mesh import LiquidBody
from multigen_sim.views.splash import splash_drops
from multigen_sim.views.stream_mesh import Stream, trace, tube
from multigen_sim.views.visible_liquid import VisibleLiquid

_LIQUIDS = (names.PUDDLE, names.TARGET_LIQUID, names.SOURCE_LIQUID, names.STREAM)
"""In the order of rendering."""
_SHOWN, _HIDDEN = 0, 3
"""Groups of geoms that are rendered, and that are not."""
_PUDDLE_DEPTH = 0.0015


class PublicView:
    """Renders one model, in the thread that created it."""

    def __init__(self, model: mujoco.MjModel, scene: Scene, gl: GlContext) -> None:
        self._model = model
        self._width, self._height = scene.camera.width, scene.camera.height
        self._gl = gl
        self._context = gl.load(model, self._width, self._height)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 100)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = scene.look.shadows
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._option = mujoco.MjvOption()
        self._option.geomgroup[_HIDDEN] = False
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._camera.fixedcamid = model.camera(names.CAMERA).id
        self._viewport = mujoco.MjrRect(0, 0, self._width, self._height)
        self._pixels = np.empty((self._height, self._width, 3), np.uint8)
        self._source = LiquidBody(scene.source.vessel)
        self._target = LiquidBody(scene.target.vessel)
        self._held = model.body(names.SOURCE).id
        self._geoms = {name: model.geom(name).id for name in _LIQUIDS}
        self._shown: dict[str, bool] = {}
        gain = np.arange(256) * scene.look.exposure
        self._exposure = (
            None if scene.look.exposure == 1.0 else np.clip(gain, 0, 255).astype(np.uint8)
        )
        self._drop_colour = np.array([*scene.liquid.colour[:3], 0.9], np.float32)
        self._orders: dict[tuple[bool, ...], dict[int, float]] = {}

    def close(self) -> None:
        """Free the model's OpenGL resources."""
        self._gl.make_current()
        self._context.free()

    def render(self, data: mujoco.MjData, seen: VisibleLiquid) -> NDArray[np.uint8]:
        """The current image, (H, W, 3)."""
        self._gl.make_current()
        self._update_source(data, seen)
        self._update_target(seen)
        self._update_stream(trace(seen), seen)
        self._update_puddle(data, seen)
        mujoco.mjv_updateScene(
            self._model,
            data,
            self._option,
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        self._sort_transparent()
        self._add_drops(seen)
        mujoco.mjr_render(self._viewport, self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, self._viewport, self._context)
        picture = np.ascontiguousarray(self._pixels[::-1])
        if self._exposure is None:
            return picture
        return np.asarray(cv2.LUT(picture, self._exposure), np.uint8)

    def _upload(self, name: str, shape: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
        """Give a liquid vertices and normals, (N, 3) each; nothing is done if they are the same."""
        model = self._model
        mesh = model.geom_dataid[self._geoms[name]]
        count = model.mesh_vertnum[mesh]
        first, second = model.mesh_vertadr[mesh], model.mesh_normaladr[mesh]
        held = model.mesh_vert[first : first + count], model.mesh_normal[second : second + count]
        new = [np.asarray(part, np.float32) for part in shape]
        if all(map(np.array_equal, held, new)):
            return
        for part, values in zip(held, new, strict=True):
            part[:] = values
        mujoco.mjr_uploadMesh(model, self._context, mesh)

    def _show(self, name: str, visible: bool) -> bool:
        self._model.geom_group[self._geoms[name]] = _SHOWN if visible else _HIDDEN
        self._shown[name] = visible
        return visible

    def _update_source(self, data: mujoco.MjData, seen: VisibleLiquid) -> None:
        """Keep the free surface level, tilted by the slosh."""
        if not self._show(names.SOURCE_LIQUID, seen.source_volume >= 1e-7):
            return
        frame = data.xmat[self._held].reshape(3, 3)
        up = np.array([0.0, 0.0, 1.0]) - seen.source_slope * seen.downhill
        lip = np.array([0.0, 0.0, seen.source.height]) + frame.T @ (seen.lip - seen.mouth)
        up = frame.T @ (up / np.linalg.norm(up))
        level = up @ lip + seen.source_head
        self._upload(names.SOURCE_LIQUID, self._source.update(up, float(level)))

    def _update_target(self, seen: VisibleLiquid) -> None:
        level = seen.target_level
        if not self._show(names.TARGET_LIQUID, level >= 2e-4):
            return
        up = np.array([0.0, -seen.target_slope, 1.0])
        up /= np.linalg.norm(up)
        self._upload(names.TARGET_LIQUID, self._target.update(up, level * up[2]))

    def _update_stream(self, stream: Stream | None, seen: VisibleLiquid) -> None:
        if self._show(names.STREAM, stream is not None) and stream is not None:
            self._upload(names.STREAM, tube(stream, seen.downhill))

    def _update_puddle(self, data: mujoco.MjData, seen: VisibleLiquid) -> None:
        radius = (seen.spilled_volume / (np.pi * _PUDDLE_DEPTH)) ** 0.5
        if self._show(names.PUDDLE, radius > 2e-3):
            puddle = self._geoms[names.PUDDLE]
            self._model.geom_size[puddle] = [radius, 0.85 * radius, _PUDDLE_DEPTH]
            data.geom_xpos[puddle] = [*seen.puddle, 0.0005]

    def _sort_transparent(self) -> None:
        """Render liquids before their walls: they share a centre, so depth sorting fails."""
        shown = tuple(self._shown[name] for name in _LIQUIDS)
        if shown not in self._orders:
            rank = {self._geoms[name]: 100.0 - k for k, name in enumerate(_LIQUIDS)}
            rank |= {self._model.geom(n).id: 50.0 for n in (names.TARGET, names.SOURCE)}
            self._orders[shown] = {
                index: rank[geom.objid]
                for index, geom in enumerate(self._scene.geoms[: self._scene.ngeom])
                if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and geom.objid in rank
            }
        for index, distance in self._orders[shown].items():
            self._scene.geoms[index].camdist = distance

    def _add_drops(self, seen: VisibleLiquid) -> None:
        for centre, radius in splash_drops(seen):
            if self._scene.ngeom >= self._scene.maxgeom:
                return
            mujoco.mjv_initGeom(
                self._scene.geoms[self._scene.ngeom],
                mujoco.mjtGeom.mjGEOM_SPHERE,
                np.array([radius, 0, 0]),
                centre,
                np.eye(3).ravel(),
                self._drop_colour,
            )
            self._scene.ngeom += 1
