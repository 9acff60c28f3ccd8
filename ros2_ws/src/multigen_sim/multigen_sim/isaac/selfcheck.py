"""Evidence of what the backend does in a real Isaac Sim, for those who have one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene
from multigen_sim.isaac.description import TIMESTEP
from multigen_sim.isaac.settings import Settings
from multigen_sim.isaac.simulator import UNPROVEN, IsaacSimulator
from multigen_sim.validation.check import Check

_TICK = 0.02
_STANDING, _TILTING, _DRAINING = 3.0, 4.0, 3.0
"""Durations of the check's parts [s]."""
_TILT = 1.4
_SOURCE = "our expectation"
Goal = Callable[[float], NDArray[np.float64]]


@dataclass
class Evidence:
    """What was found: `about` the machine, and the checks."""

    about: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def add(self, what: str, found: float, expected: float, tolerance: float, unit: str) -> Check:
        """Add a check and return it."""
        made = Check(what, float(found), expected, tolerance, unit, _SOURCE)
        self.checks.append(made)
        return made

    @property
    def passed(self) -> bool:
        """Whether every check is."""
        return all(check.passed for check in self.checks)

    def write(self, file: Path) -> None:
        """Write it as JSON.

        Raises:
            MultigenError: the file cannot be written.
        """
        rows = [{**asdict(check), "passed": check.passed} for check in self.checks]
        try:
            write_json(file, {"note": UNPROVEN, "about": self.about, "checks": rows})
        except OSError as error:
            raise MultigenError(f"{file}: {error.strerror}") from error


def examine(settings: Settings, evidence: Evidence) -> Iterator[Check]:
    """Start Isaac Sim and pour; yields each check as it is done, and keeps it in `evidence`.

    Raises:
        MultigenError: Isaac Sim is not found, or says why it cannot.
        WorkerDiedError: it ended, or was stopped because it hung.
    """
    arm, scene = Arm.load(), Scene()
    simulator = IsaacSimulator(arm, settings)
    try:
        begun = time.monotonic()
        simulator.reset(scene, 0)
        worker = simulator.worker
        assert worker is not None
        evidence.about |= {
            "isaac_sim": simulator.version,
            "python": worker.python,
            "gpu": simulator.gpu.name,
            "driver": simulator.gpu.driver,
            "particles": settings.particles,
            "start_and_load_s": time.monotonic() - begun,
        }
        yield from _pour(simulator, scene, evidence)
    finally:
        simulator.close()


def _pour(simulator: IsaacSimulator, scene: Scene, evidence: Evidence) -> Iterator[Check]:
    start = simulator.state()
    volume = scene.source.volume_ml * 1e-6
    settled = 1 - start.pour.source_volume / volume
    yield evidence.add("left the vessel before the pour", 100 * settled, 0.0, 0.5, "%")
    before = simulator.render("public").rgb
    yield evidence.add("mean of the picture", before.mean(), 127.0, 112.0, "")
    yield evidence.add("contrast of the picture", before.std(), 65.0, 60.0, "")
    begun = time.monotonic()
    _run(simulator, _STANDING, None)
    evidence.about["real_time_factor"] = _STANDING / (time.monotonic() - begun)
    leaked = 1 - simulator.state().pour.source_volume / start.pour.source_volume
    yield evidence.add(f"leaked in {_STANDING:g} s upright", 100 * leaked, 0.0, 0.5, "%")
    path = plan_pour(Station.of(scene, simulator.arm, Told.TARGET))
    late = _run(simulator, _TILTING, lambda t: path.at(_TILT * min(t / _TILTING, 1.0)))
    yield evidence.add("joints behind their goals while moving", late, 0.0, 0.05, "rad")
    late = _run(simulator, _DRAINING, lambda _: path.at(_TILT))
    yield evidence.add("joints off their goals at rest", late, 0.0, 0.01, "rad")
    end = simulator.state()
    poured = end.pour.poured_volume
    yield evidence.add("poured", 1e6 * poured, 1e6 * volume / 2, 0.4e6 * volume, "ml")
    spilled = end.pour.spilled_volume / max(poured, 1e-9)
    yield evidence.add("spilled, of what was poured", 100 * spilled, 0.0, 10.0, "%")
    total = end.pour.source_volume + poured + end.pour.spilled_volume + end.liquid.airborne_volume
    yield evidence.add("sum of all volumes", 1e6 * total, 1e6 * volume, 1e-6, "ml")
    yield evidence.add("fastest impact", end.liquid.impact_speed, 1.5, 1.5, "m/s")
    yield evidence.add("steps counted beyond those asked", simulator.miscounted, 0, 0, "")
    changed = np.abs(simulator.render("public").rgb.astype(int) - before).max(axis=2) > 20
    yield evidence.add("changed part of the picture", 100 * changed.mean(), 30.0, 29.5, "%")


def _run(simulator: IsaacSimulator, duration: float, goal: Goal | None) -> float:
    """Follow `goal`, a function of time [s], for `duration` [s].

    Returns the largest error of a joint in the second half [rad].
    """
    errors = []
    rest = np.zeros(len(simulator.arm.joints))
    for tick in range(round(duration / _TICK)):
        if goal is not None:
            simulator.command(goal((tick + 1) * _TICK), rest)
        simulator.step(round(_TICK / TIMESTEP))
        if goal is not None:
            found = simulator.state().joints.positions[: len(rest)]
            errors.append(float(np.abs(found - goal((tick + 1) * _TICK)).max()))
    return max(errors[len(errors) // 2 :], default=0.0)
