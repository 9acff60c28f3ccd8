"""A scheduled pour, for the benchmark and the image sheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from multigen_core.arm import Arm
from multigen_core.simulator import Simulator, make_simulator
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene

STEP = 0.01
"""Period of the arm's goals along the schedule [s]."""


@dataclass(frozen=True)
class TiltSchedule:
    """Tilt at `rate` [rad/s] to `tilt` [rad], hold for `stay` [s], and return."""

    rate: float = 0.35
    tilt: float = 1.45
    stay: float = 1.0

    @property
    def duration(self) -> float:
        """Time until the vessel is upright again [s]."""
        return 2 * self.tilt / self.rate + self.stay

    def at(self, time: float) -> tuple[float, float]:
        """Tilt [rad] and its rate [rad/s] at `time` [s]."""
        top = self.tilt / self.rate
        if time < top:
            return self.rate * time, self.rate
        if time < top + self.stay:
            return self.tilt, 0.0
        tilt = self.tilt - self.rate * (time - top - self.stay)
        return max(tilt, 0.0), -self.rate if tilt > 0 else 0.0

    def pour(
        self, scene: Scene, seed: int, arm: Arm, backend: str = "mujoco"
    ) -> Iterator[Simulator]:
        """Pour along the schedule, yielding the simulator every `STEP`.

        Raises:
            MultigenError: the backend is not available, or the scene is impossible.
        """
        simulator = make_simulator(backend, arm)
        simulator.reset(scene, seed)
        path = plan_pour(Station.of(scene, arm, Told.TARGET))
        count = round(STEP / simulator.timestep)
        try:
            for tick in range(round(self.duration / STEP) + 1):
                yield simulator
                tilt, rate = self.at(tick * STEP)
                simulator.command(path.at(tilt), path.slope(tilt) * rate)
                simulator.step(count)
        finally:
            simulator.close()
