"""Image sheets of a pour: a scene, or the vessels of the catalogue."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.simulator import Simulator
from multigen_core.world import catalogue
from multigen_core.world.scene import Scene, SourceSpec, TargetSpec
from multigen_core.world.vessel import Vessel
from multigen_sim.tilt_schedule import STEP, TiltSchedule

Picture = NDArray[np.uint8]
_GRASP = 0.06
"""Grasp height of a vessel on the vessels' sheet, above its foot [m]."""


def _both_views(simulator: Simulator) -> tuple[Picture, Picture]:
    return simulator.render("public").rgb, simulator.render("cutaway").rgb


def pour_pictures(
    scene: Scene, seed: int, arm: Arm, times: list[float], backend: str = "mujoco"
) -> list[tuple[Picture, Picture]]:
    """Public and hearing views at increasing `times` [s] of a scheduled pour."""
    pictures: list[tuple[Picture, Picture]] = []
    for tick, simulator in enumerate(TiltSchedule().pour(scene, seed, arm, backend)):
        while len(pictures) < len(times) and times[len(pictures)] <= tick * STEP + 1e-9:
            pictures.append(_both_views(simulator))
        if len(pictures) == len(times):
            break
    return pictures


def pouring_picture(scene: Scene, seed: int, arm: Arm, poured: float) -> tuple[Picture, Picture]:
    """Both views once the target has gained `poured` [m^3], or at the end of the pour."""
    for simulator in TiltSchedule(tilt=2.0).pour(scene, seed, arm):
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


def scene_sheet(scene: Scene, seed: int, arm: Arm, backend: str = "mujoco") -> Picture:
    """A pour in six images, both views side by side."""
    times = [float(t) for t in np.linspace(0.0, TiltSchedule().duration, 7)[:-1]]
    pictures = pour_pictures(scene, seed, arm, times, backend)
    tiles = [
        _label(_beside(*views), f"{scene.name} seed {seed}, {time:.1f} s")
        for time, views in zip(times, pictures, strict=True)
    ]
    return np.vstack([np.hstack(tiles[row : row + 2]) for row in range(0, len(tiles), 2)])


def _fits(vessel: Vessel, arm: Arm) -> bool:
    width = 2.0 * float(vessel.outer_radius(_GRASP))
    return vessel.rim_height > _GRASP and (arm.gripper is None or width <= arm.gripper.stroke)


def vessel_sheet(arm: Arm, columns: int = 4) -> Picture:
    """Every vessel during a pour: as the source if the gripper can hold it, else as the target."""
    tiles = []
    for name, vessel in catalogue.vessels().items():
        if _fits(vessel, arm):
            part = round(0.6 * vessel.capacity * 1e6)
            source = SourceSpec(vessel=vessel, volume_ml=part, grasp_height=_GRASP)
            scene = Scene(name=name, source=source)
        else:
            scene = Scene(name=name, target=TargetSpec(vessel=vessel))
        views = pouring_picture(scene, 0, arm, 0.12 * min(vessel.capacity, 500e-6))
        held = ", held out" if vessel.held_out else ""
        text = f"{name}: {vessel.capacity * 1e6:.0f} ml, {vessel.material}{held}"
        tiles.append(_label(_beside(*views), text))
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)])
