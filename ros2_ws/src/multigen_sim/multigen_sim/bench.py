"""`multigen bench sim`: how fast the simulator is on this machine."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, field

import numpy as np

from multigen_core.arm import Arm
from multigen_core.simulator import View
from multigen_core.world.scene import load_scene
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.peer_bench import peer_figures
from multigen_sim.tilt_schedule import STEP, TiltSchedule

_DURATION = 9.0
_VIEWS: tuple[View, ...] = ("public", "cutaway")


def run(_: argparse.Namespace) -> dict[str, float | str]:
    """Figures of a 9 s pour of the default scene, on one thread.

    `physics` renders no images; `offline` renders both views at 10 Hz, as for generated episodes;
    `live` the camera at 30 Hz and the hearing view at 10 Hz, like the node. Figures with `cpu`
    count CPU time, which is independent of other load on the machine: they are per core.
    """
    physics = _measure({})
    offline = _measure({"public": 0.1, "cutaway": 0.1})
    live = _measure({"public": 1 / 30, "cutaway": 0.1})
    simulator = MujocoSimulator(Arm.load())
    start = time.perf_counter()
    simulator.reset(load_scene("default", 1), 1)
    reset = time.perf_counter() - start
    figures: dict[str, float | str] = {
        "physics_real_time_factor": physics.factor,
        "offline_real_time_factor": offline.factor,
        "live_real_time_factor": live.factor,
        "physics_cpu_real_time_factor": physics.cpu_factor,
        "offline_cpu_real_time_factor": offline.cpu_factor,
        "live_cpu_real_time_factor": live.cpu_factor,
    }
    for view, name in zip(_VIEWS, ("render", "hearing_view"), strict=True):
        figures[f"{name}_ms"] = float(np.median(live.costs[view]))
        figures[f"{name}_p95_ms"] = float(np.percentile(live.costs[view], 95))
        figures[f"{name}_cpu_ms"] = float(np.median(live.cpu_costs[view]))
        figures[f"{name}_cpu_p95_ms"] = float(np.percentile(live.cpu_costs[view], 95))
    figures["reset_ms"] = 1e3 * reset
    figures["load_average"] = os.getloadavg()[0]
    return {**figures, **peer_figures()}


@dataclass
class _Run:
    """Cost of a pour: seconds, and milliseconds per image by view."""

    wall: float = 0.0
    cpu: float = 0.0
    costs: dict[View, list[float]] = field(default_factory=dict)
    cpu_costs: dict[View, list[float]] = field(default_factory=dict)

    @property
    def factor(self) -> float:
        return _DURATION / self.wall

    @property
    def cpu_factor(self) -> float:
        return _DURATION / self.cpu


def _measure(periods: dict[View, float]) -> _Run:
    """A pour with images of each view at a period in seconds."""
    result = _Run(costs={v: [] for v in periods}, cpu_costs={v: [] for v in periods})
    begun = 0.0, 0.0
    for tick, simulator in enumerate(TiltSchedule().pour(load_scene("default", 0), 0, Arm.load())):
        if tick == 0:
            for view in periods:
                simulator.render(view)
            begun = time.perf_counter(), time.process_time()
        if tick * STEP >= _DURATION:
            break
        simulator.state()
        for view, period in periods.items():
            if tick * STEP >= len(result.costs[view]) * period:
                start = time.perf_counter(), time.process_time()
                simulator.render(view)
                result.costs[view].append(1e3 * (time.perf_counter() - start[0]))
                result.cpu_costs[view].append(1e3 * (time.process_time() - start[1]))
    result.wall = time.perf_counter() - begun[0]
    result.cpu = time.process_time() - begun[1]
    return result
