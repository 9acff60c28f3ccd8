"""`multigen bench sim`: how fast the simulator is on this machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from multigen_core import vessel as catalogue
from multigen_core.arm import Arm
from multigen_core.pour_path import plan_pour
from multigen_core.scene import load_scene
from multigen_sim.mujoco_simulator import MujocoSimulator
from multigen_sim.picture_sheet import Pour

_DURATION = 10.0
_CONTROL = 0.01


def run(_: argparse.Namespace) -> dict[str, float]:
    """Figures of a 10 s pour of the default scene, on one thread.

    `physics` has no pictures; `offline` draws both views at 10 Hz, as episodes are generated;
    `live` the camera at 30 Hz and the hearing view at 10 Hz, as the node does.
    """
    simulator = MujocoSimulator()
    simulator.reset(load_scene("default", 0), 0)
    simulator.render("public")
    physics, costs = _pour(simulator, {})
    offline, costs = _pour(simulator, {"public": 0.1, "cutaway": 0.1})
    live, costs = _pour(simulator, {"public": 1 / 30, "cutaway": 0.1})
    start = time.perf_counter()
    simulator.reset(load_scene("default", 1), 1)
    reset = time.perf_counter() - start
    simulator.close()
    return {
        "physics_real_time_factor": physics,
        "offline_real_time_factor": offline,
        "live_real_time_factor": live,
        "render_ms": float(np.median(costs["public"])),
        "render_p95_ms": float(np.percentile(costs["public"], 95)),
        "hearing_view_ms": float(np.median(costs["cutaway"])),
        "hearing_view_p95_ms": float(np.percentile(costs["cutaway"], 95)),
        "reset_ms": 1e3 * reset,
    }


def _pour(
    simulator: MujocoSimulator, views: dict[str, float]
) -> tuple[float, dict[str, list[float]]]:
    """Simulated over steady time of a pour, and what each picture took [ms]."""
    scene = load_scene("default", 0)
    simulator.reset(scene, 0)
    path = plan_pour(
        Arm.load(),
        catalogue.vessel(scene.source.vessel),
        scene.source.grasp_height,
        scene.target.position,
        catalogue.vessel(scene.target.vessel),
    )
    pour = Pour()
    draw: dict[str, Callable[[], object]] = {
        "public": lambda: simulator.render("public"),
        "cutaway": lambda: simulator.render("cutaway"),
    }
    costs: dict[str, list[float]] = {name: [] for name in views}
    count = round(_CONTROL / simulator.timestep)
    for view in views:
        draw[view]()
    start = time.perf_counter()
    for tick in range(round(_DURATION / _CONTROL)):
        now = tick * _CONTROL
        tilt, rate = pour.at(now)
        simulator.command(path.at(tilt), path.slope(tilt) * rate)
        simulator.step(count)
        simulator.liquid_state()
        for view, period in views.items():
            if now >= len(costs[view]) * period:
                begun = time.perf_counter()
                draw[view]()
                costs[view].append(1e3 * (time.perf_counter() - begun))
    return _DURATION / (time.perf_counter() - start), costs
