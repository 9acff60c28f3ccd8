"""An off-screen OpenGL context: EGL, else OSMesa."""

from __future__ import annotations

import atexit
import os
from typing import Any

import mujoco

from multigen_core.errors import MultigenError

_FONT = mujoco.mjtFontScale.mjFONTSCALE_100


class RenderingError(MultigenError):
    """OpenGL is not available."""


def _make(backend: str, width: int, height: int) -> Any:
    if backend == "egl":
        from mujoco.egl import GLContext
    elif backend == "osmesa":
        from mujoco.osmesa import GLContext
    else:
        from mujoco import GLContext
    return GLContext(width, height)


class GlContext:
    """The OpenGL context of the rendering thread.

    It outlives the models it renders: compiling shaders takes longer than loading a scene.
    """

    def __init__(self) -> None:
        self._context: Any = None
        self._size = (0, 0)

    def load(self, model: mujoco.MjModel, width: int, height: int) -> mujoco.MjrContext:
        """MuJoCo's context for a model and an image size; free it before loading the next.

        Tries the backend named by MUJOCO_GL (egl by default), then OSMesa.

        Raises:
            RenderingError: neither works; names the Debian packages to install.
        """
        if self._context is not None and self._size == (width, height):
            self._context.make_current()
            return mujoco.MjrContext(model, _FONT)
        self.close()
        self._size = width, height
        wanted = os.environ["MUJOCO_GL"].lower()
        causes = []
        for backend in dict.fromkeys((wanted, "osmesa")):
            try:
                context = _make(backend, width, height)
                context.make_current()
                renderer = mujoco.MjrContext(model, _FONT)
            except Exception as error:  # each binding raises its own kind
                causes.append(
                    f"{backend}: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
                )
            else:
                atexit.register(context.free)
                self._context = context
                return renderer
        raise RenderingError(
            f"no OpenGL for off-screen rendering ({'; '.join(causes)}): install Debian's libegl1 "
            "and libgl1-mesa-dri, or libosmesa6 with MUJOCO_GL=osmesa"
        )

    def make_current(self) -> None:
        """Make it current in the calling thread."""
        self._context.make_current()

    def close(self) -> None:
        """Free the context; `load` creates a new one."""
        if self._context is not None:
            atexit.unregister(self._context.free)
            self._context.free()
            self._context = None
