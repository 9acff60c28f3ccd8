"""The same slow and fast pour by several backends: curves, cost and conservation."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.world.scene import Scene
from multigen_core.world.tilted_volume import volume_table
from multigen_sim.tilt_schedule import STEP, TiltSchedule

TILT = 1.3
POURS = {"fast": TiltSchedule(TILT / 4.0, TILT, 4.0), "slow": TiltSchedule(TILT / 12.0, TILT, 4.0)}
"""Tilts in 4 s and 12 s, then stays for 4 s."""


@dataclass
class Curve:
    """One pour by one backend: times [s], tilts [rad] and volumes in the source [m^3].

    `cpu` is the CPU time [s] of `times[-1]`, without reset; `error` the largest difference of the
    volumes' sum from the start, over it.
    """

    times: list[float] = field(default_factory=list)
    tilts: list[float] = field(default_factory=list)
    volumes: list[float] = field(default_factory=list)
    cpu: float = 0.0
    error: float = 0.0

    def lag(self, scene: Scene) -> float:
        """Volume [m^3] above the static hold at the last tilt when the vessel stops tilting."""
        end = int(np.argmax(np.array(self.tilts) > 0.995 * max(self.tilts)))
        return self.volumes[end] - _hold(scene, self.tilts[end])


def _hold(scene: Scene, tilt: float) -> float:
    """Volume [m^3] that a pour without haste leaves in the source."""
    held = volume_table(scene.source.vessel).volume(0.0, tilt)
    return min(held, scene.source.volume_ml * 1e-6)


def pour(backend: str, schedule: TiltSchedule, scene: Scene, arm: Arm) -> Curve:
    """A pour until the vessel starts back."""
    curve = Curve()
    start = scene.source.volume_ml * 1e-6
    last = schedule.tilt / schedule.rate + schedule.stay
    begun = 0.0
    for tick, simulator in enumerate(schedule.pour(scene, 0, arm, backend)):
        if tick == 0:
            begun = time.process_time()
        if tick * STEP > last:
            break
        state = simulator.state()
        curve.times.append(tick * STEP)
        curve.tilts.append(state.liquid.source_tilt)
        curve.volumes.append(state.pour.source_volume)
        total = state.pour.source_volume + state.pour.poured_volume
        total += state.pour.spilled_volume + state.liquid.airborne_volume
        curve.error = max(curve.error, abs(total - start) / start)
        curve.cpu = time.process_time() - begun
    return curve


def compare(backends: Sequence[str], arm: Arm, path: Path) -> None:
    """Pour with each backend, print the figures and write the plot to `path`.

    Raises:
        MultigenError: a backend is not available, or the plot cannot be written.
    """
    scene = Scene()
    curves = {(b, name): pour(b, POURS[name], scene, arm) for b in backends for name in POURS}
    table = Table("backend", "pour", "lag ml", "left ml", "real-time factor", "error")
    for (backend, name), curve in curves.items():
        table.add_row(
            backend, name, f"{curve.lag(scene) * 1e6:.1f}", f"{curve.volumes[-1] * 1e6:.1f}",
            f"{curve.times[-1] / curve.cpu:.2f}", f"{curve.error:.1e}",
        )  # fmt: skip
    console = Console()
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"real-time factors per CPU time; peak memory of all {peak:.0f} MB")
    _plot(curves, scene, path)
    print(path)


def _plot(curves: dict[tuple[str, str], Curve], scene: Scene, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(POURS), figsize=(8.8, 3.4), dpi=100, sharey=True)
    for axes, name in zip(panels, POURS, strict=True):
        axes.set(title=f"{name} pour", xlabel="time [s]")
        axes.grid(alpha=0.3)
        own = {backend: curve for (backend, which), curve in curves.items() if which == name}
        for backend, curve in own.items():
            axes.plot(curve.times, 1e6 * np.array(curve.volumes), label=backend)
        first = next(iter(own.values()))
        held = [1e6 * _hold(scene, tilt) for tilt in first.tilts]
        axes.plot(first.times, held, "k:", label="static hold")
    panels[0].set_ylabel("left in the source [ml]")
    panels[0].legend(fontsize=8)
    figure.tight_layout()
    try:
        figure.savefig(path)
    except OSError as error:
        raise MultigenError(f"{path}: {error.strerror}") from error
    plt.close(figure)
