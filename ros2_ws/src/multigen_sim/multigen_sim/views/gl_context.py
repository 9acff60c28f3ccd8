"""An off-screen OpenGL context: EGL, else OSMesa."""

from __future__ import annotations

import atexit
import os
from typing import Any

import mujoco

from multigen_core.errors import MultigenError


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


def make_context(model: mujoco.MjModel, width: int, height: int) -> tuple[Any, mujoco.MjrContext]:
    """A context current in the calling thread, to `free` when done, with MuJoCo's context.

    Tries the backend named by MUJOCO_GL (egl by default), then OSMesa.

    Raises:
        RenderingError: neither works; names the Debian packages to install.
    """
    wanted = os.environ["MUJOCO_GL"].lower()
    causes = []
    for backend in dict.fromkeys((wanted, "osmesa")):
        try:
            context = _make(backend, width, height)
            context.make_current()
            renderer = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
            atexit.register(context.free)
        except Exception as error:  # each binding raises its own kind
            causes.append(
                f"{backend}: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
            )
        else:
            return context, renderer
    raise RenderingError(
        f"no OpenGL for off-screen rendering ({'; '.join(causes)}): install Debian's libegl1 and "
        "libgl1-mesa-dri, or libosmesa6 with MUJOCO_GL=osmesa"
    )
