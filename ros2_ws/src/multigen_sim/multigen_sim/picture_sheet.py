"""Sheets of pictures: what a scene or the vessels of the catalogue look like through a pour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world import catalogue
from multigen_core.world.scene import Scene, SourceSpec, TargetSpec
from multigen_sim.mujoco.simulator import MujocoSimulator

Picture = NDArray[np.uint8]
STEP = 0.01
"""How often the arm's goal follows the pour [s]."""


@dataclass(frozen=True)
class Pour:
    """A pour by the clock: tilt at `rate` [rad/s] to `tilt` [rad], stay `stay` [s], and return."""

    rate: float = 0.35
    tilt: float = 1.45
    stay: float = 1.0

    @property
    def duration(self) -> float:
        """Until the vessel is upright again [s]."""
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


def run_pour(scene: Scene, seed: int, pour: Pour) -> Iterator[MujocoSimulator]:
    """Pour by the clock, and hand the simulator out every `STEP`."""
    simulator = MujocoSimulator()
    simulator.reset(scene, seed)
    path = plan_pour(Station.of(scene, Arm.load(), Told.TARGET))
    count = round(STEP / simulator.timestep)
    try:
        for tick in range(round(pour.duration / STEP) + 1):
            yield simulator
            tilt, rate = pour.at(tick * STEP)
            simulator.command(path.at(tilt), path.slope(tilt) * rate)
            simulator.step(count)
    finally:
        simulator.close()


def _both_views(simulator: MujocoSimulator) -> tuple[Picture, Picture]:
    return simulator.render("public").rgb, simulator.render("cutaway").rgb


def pour_pictures(
    scene: Scene, seed: int, times: list[float], pour: Pour | None = None
) -> list[tuple[Picture, Picture]]:
    """Public and hearing views at rising `times` [s] of a pour by the clock."""
    pictures: list[tuple[Picture, Picture]] = []
    for tick, simulator in enumerate(run_pour(scene, seed, Pour() if pour is None else pour)):
        while len(pictures) < len(times) and times[len(pictures)] <= tick * STEP + 1e-9:
            pictures.append(_both_views(simulator))
        if len(pictures) == len(times):
            break
    return pictures


def pouring_picture(scene: Scene, seed: int, poured: float) -> tuple[Picture, Picture]:
    """Both views as soon as the target has gained `poured` [m^3], or the pour is over."""
    for simulator in run_pour(scene, seed, Pour(tilt=2.0)):
        if simulator.state().pour.poured_volume >= poured:
            break
    return _both_views(simulator)


def _label(picture: Picture, text: str) -> Picture:
    strip = np.full((22, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(strip, text, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (30, 30, 30), 1, cv2.LINE_AA)
    return np.vstack([strip, picture])


def _beside(public: Picture, hearing: Picture) -> Picture:
    height = public.shape[0]
    width = hearing.shape[1] * height // hearing.shape[0]
    return np.hstack(
        [public, cv2.resize(hearing, (width, height), interpolation=cv2.INTER_NEAREST)]
    )


def scene_sheet(scene: Scene, seed: int) -> Picture:
    """A pour in six pictures, both views beside each other."""
    pour = Pour()
    times = [float(t) for t in np.linspace(0.0, pour.duration, 7)[:-1]]
    tiles = [
        _label(_beside(*views), f"{scene.name} seed {seed}, {time:.1f} s")
        for time, views in zip(times, pour_pictures(scene, seed, times, pour), strict=True)
    ]
    return np.vstack([np.hstack(tiles[row : row + 2]) for row in range(0, len(tiles), 2)])


def vessel_sheet(columns: int = 4) -> Picture:
    """Every vessel amid a pour: from it where a gripper can hold it, else into it."""
    tiles = []
    for name, vessel in catalogue.vessels().items():
        try:
            part = round(0.6 * vessel.capacity * 1e6)
            scene = Scene(
                name=name,
                source=SourceSpec(vessel=name, volume_ml=part, grasp_height=0.06),
                target=TargetSpec(vessel="straight_glass"),
            )
        except ValueError:
            scene = Scene(name=name, target=TargetSpec(vessel=name))
        views = pouring_picture(scene, 0, 0.12 * min(vessel.capacity, 500e-6))
        held = ", held out" if vessel.held_out else ""
        text = f"{name}: {vessel.capacity * 1e6:.0f} ml, {vessel.material}{held}"
        tiles.append(_label(_beside(*views), text))
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)])
