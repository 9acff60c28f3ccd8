"""Sheets of pictures: what a scene or the vessels of the catalogue look like through a pour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core import vessel as catalogue
from multigen_core.arm import Arm
from multigen_core.pour_path import plan_pour
from multigen_core.scene import Scene, SourceSpec, TargetSpec
from multigen_sim.mujoco_simulator import MujocoSimulator

Picture = NDArray[np.uint8]


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


def pour_pictures(
    scene: Scene, seed: int, times: list[float], pour: Pour | None = None
) -> list[tuple[Picture, Picture]]:
    """Public and hearing views at `times` [s] of a pour by the clock."""
    pour = Pour() if pour is None else pour
    simulator = MujocoSimulator()
    simulator.reset(scene, seed)
    path = plan_pour(
        Arm.load(),
        catalogue.vessel(scene.source.vessel),
        scene.source.grasp_height,
        scene.target.position,
        catalogue.vessel(scene.target.vessel),
    )
    pictures: list[tuple[Picture, Picture]] = []
    step = 0.01
    count = round(step / simulator.timestep)
    for tick in range(round(max(times) / step) + 1):
        time = tick * step
        while len(pictures) < len(times) and times[len(pictures)] <= time + 1e-9:
            pictures.append((simulator.render("public").rgb, simulator.render("cutaway").rgb))
        tilt, rate = pour.at(time)
        simulator.command(path.at(tilt), path.slope(tilt) * rate)
        simulator.step(count)
    simulator.close()
    return pictures


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
    """Every vessel: as a pouring source where a gripper can hold it, else as a filled target."""
    tiles = []
    for name, vessel in catalogue.vessels().items():
        part = round(0.6 * vessel.capacity * 1e6)
        try:
            scene = Scene(
                name=name,
                source=SourceSpec(vessel=name, volume_ml=part, grasp_height=0.06),
                target=TargetSpec(vessel="straight_glass"),
            )
            time = 3.2
        except ValueError:
            scene = Scene(name=name, target=TargetSpec(vessel=name, volume_ml=part))
            time = 0.0
        (views,) = pour_pictures(scene, 0, [time])
        held = ", held out" if vessel.held_out else ""
        text = f"{name}: {vessel.capacity * 1e6:.0f} ml, {vessel.material}{held}"
        tiles.append(_label(_beside(*views), text))
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)])
