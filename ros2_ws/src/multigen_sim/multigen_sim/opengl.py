"""Which OpenGL MuJoCo draws with, settled before MuJoCo is imported: it would fail in riddles."""

from __future__ import annotations

import os
from ctypes.util import find_library

from multigen_core.errors import MultigenError

BACKENDS = ("egl", "osmesa", "glfw")


def settle() -> None:
    """Draw off-screen by EGL if MUJOCO_GL asks for nothing else.

    Raises:
        MultigenError: it asks for what is not there.
    """
    wanted = os.environ.setdefault("MUJOCO_GL", "egl").lower()
    if wanted not in BACKENDS:
        raise MultigenError(f"MUJOCO_GL is {wanted!r}: give {', '.join(BACKENDS)}, or unset it")
    if wanted == "osmesa" and find_library("OSMesa") is None:
        raise MultigenError(
            "MUJOCO_GL=osmesa, but there is no OSMesa library: install Debian's libosmesa6, or "
            "unset MUJOCO_GL for EGL"
        )
