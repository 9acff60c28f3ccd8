"""Checks of the simulator for `multigen doctor`."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from importlib.metadata import version

import mujoco

from multigen_core.arm import Arm
from multigen_core.cli.doctor import Finding, State
from multigen_core.errors import MultigenError
from multigen_core.world.scene import load_scene
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.newton.backend import REMEDY, missing

_FRAMES = 20


def checks(args: argparse.Namespace) -> Iterator[Finding]:
    """Physics engines, and whether and how fast images are rendered."""
    yield Finding("physics", State.FINE, f"mujoco {mujoco.__version__}")
    yield _newton()
    backend = os.environ.get("MUJOCO_GL", "egl")
    simulator = MujocoSimulator(Arm.load())
    try:
        simulator.reset(load_scene("default", 0), 0)
        simulator.render("public")
        start = time.perf_counter()
        for _ in range(_FRAMES):
            simulator.render("public")
        took = (time.perf_counter() - start) / _FRAMES
        yield Finding("rendering", State.FINE, f"{backend}, {took * 1e3:.1f} ms per image")
    except MultigenError as error:
        yield Finding("rendering", State.BROKEN, str(error), "install libegl1 and libgl1-mesa-dri")
    finally:
        simulator.close()


def _newton() -> Finding:
    """Whether backend:=newton can run; without importing it, which takes seconds."""
    if absent := missing():
        return Finding("particles", State.NOTE, f"no {absent}", REMEDY)
    engines = f"newton {version('newton')}, warp {version('warp-lang')}"
    return Finding("particles", State.FINE, engines)
