"""Simulation backends by name."""

from __future__ import annotations

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.simulator import Simulator
from multigen_sim.mujoco_simulator import MujocoSimulator

BACKENDS = ("mujoco", "isaac")


def make_simulator(backend: str = "mujoco", arm: Arm | None = None) -> Simulator:
    """A simulator that is yet to be reset.

    Raises:
        MultigenError: there is no such backend here.
    """
    if backend == "mujoco":
        return MujocoSimulator(arm)
    if backend == "isaac":
        raise MultigenError("backend isaac is not part of this version: use backend:=mujoco")
    raise MultigenError(f"unknown backend {backend!r}; known: {', '.join(BACKENDS)}")
