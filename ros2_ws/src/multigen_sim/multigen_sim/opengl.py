"""Selects MuJoCo's OpenGL backend before its import, which would fail with unclear errors."""

from __future__ import annotations

import os
from ctypes.util import find_library

from multigen_core.errors import MultigenError

BACKENDS = ("egl", "osmesa", "glfw")


def settle() -> None:
    """Render off-screen with EGL unless MUJOCO_GL selects another backend.

    Raises:
        MultigenError: it selects an unavailable one.
    """
    wanted = os.environ.setdefault("MUJOCO_GL", "egl").lower()
    if wanted not in BACKENDS:
        raise MultigenError(f"MUJOCO_GL is {wanted!r}: use {', '.join(BACKENDS)}, or unset it")
    if wanted == "osmesa" and find_library("OSMesa") is None:
        raise MultigenError(
            "MUJOCO_GL=osmesa, but the OSMesa library is missing: install Debian's libosmesa6, or "
            "unset MUJOCO_GL for EGL"
        )
