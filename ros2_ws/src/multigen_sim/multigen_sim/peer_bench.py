"""Speed of another simulator for comparison, if installed: SPlisHSPlasH (pip: pysplishsplash).

It pours from the same cylinder, tilted by turning gravity, on one thread, in its own process
because it ships its own OpenGL libraries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

_MODULE = "pysplishsplash"
_RADIUS, _HEIGHT = 0.035, 0.12
_SPACING = 0.005
_SIMULATED = 1.0
_TILTS = 0.9, 1.2
_PATIENCE = 180.0
_SIDES = 32


def peer_figures() -> dict[str, float | str]:
    """Its figures, or that it is not installed."""
    if find_spec(_MODULE) is None:
        return {"peer": "not installed; pip install pysplishsplash to compare"}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LD_PRELOAD": "libGL.so.1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "multigen_sim.peer_bench"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
        figures = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        return {"peer": f"SPlisHSPlasH does not run here: {type(error).__name__}"}
    return {
        "peer": f"SPlisHSPlasH, {figures['particles']} particles, liquid only",
        "peer_real_time_factor": figures["real_time_factor"],
        "peer_cpu_real_time_factor": figures["cpu_real_time_factor"],
    }


def _write_cylinder(path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
    rings = np.linspace(0.0, _HEIGHT, 13)
    points = [(_RADIUS * np.cos(a), _RADIUS * np.sin(a), z) for z in rings for a in angle]
    points.append((0.0, 0.0, 0.0))
    faces = [(len(points) - 1, (s + 1) % _SIDES, s) for s in range(_SIDES)]
    for k in range(len(rings) - 1):
        for s in range(_SIDES):
            a, b = k * _SIDES + s, k * _SIDES + (s + 1) % _SIDES
            faces += [(a, b, b + _SIDES), (a, b + _SIDES, a + _SIDES)]
    lines = [f"v {x} {y} {z}" for x, y, z in points]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in faces]
    path.write_text("\n".join(lines) + "\n")


def _scene() -> dict[str, Any]:
    half = _RADIUS / np.sqrt(2) - _SPACING / 2
    return {
        "Configuration": {
            "particleRadius": _SPACING / 2,
            "timeStepSize": 0.001,
            "simulationMethod": 4,
            "gravitation": [0, 0, -9.81],
            "cflMethod": 1,
            "cflMaxTimeStepSize": 0.005,
            "boundaryHandlingMethod": 0,
        },
        "RigidBodies": [{"geometryFile": "cylinder.obj", "isDynamic": False, "isWall": False}],
        "FluidBlocks": [
            {"start": [-half, -half, _SPACING], "end": [half, half, 0.9 * _HEIGHT], "denseMode": 0}
        ],
    }


def main() -> None:
    """Run it and print its figures on the last line."""
    splish: Any = __import__(_MODULE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_cylinder(folder / "cylinder.obj")
        (folder / "scene.json").write_text(json.dumps(_scene()))
        base = splish.Exec.SimulatorBase()
        base.init(
            sceneFile=str(folder / "scene.json"),
            useGui=False,
            outputDir=str(folder / "output"),
            initialPause=False,
            stopAt=_SIMULATED,
        )
        base.initSimulation()
        simulation = splish.Simulation.getCurrent()
        particles = simulation.getFluidModel(0).numActiveParticles()

        def turn() -> None:
            share = splish.TimeManager.getCurrent().getTime() / _SIMULATED
            tilt = _TILTS[0] + share * (_TILTS[1] - _TILTS[0])
            pull = [0.0, 9.81 * float(np.sin(tilt)), -9.81 * float(np.cos(tilt))]
            simulation.setVec3ValueReal(simulation.GRAVITATION, pull)

        base.setTimeStepCB(turn)
        start, cpu = time.perf_counter(), time.process_time()
        base.runSimulation()
        figures = {
            "particles": particles,
            "real_time_factor": _SIMULATED / (time.perf_counter() - start),
            "cpu_real_time_factor": _SIMULATED / (time.process_time() - cpu),
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
