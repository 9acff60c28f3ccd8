"""Simulated pours for training and evaluation, with liquid states and images.

Each is determined by its seed. Training pours vary everything that the scene `randomised` varies,
and also the target's shape, so sizes are continuous and must be measured; held-out pours use the
scenes with vessels and liquids that are never trained on, as in the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from multigen_audio.pours.files import (
    FRAME_RATE,
    STATE_RATE,
    Pour,
    load,
    save,
)
from multigen_audio.pours.motion import Motion
from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError
from multigen_core.errors import MultigenError
from multigen_core.simulator import Simulator, View, make_simulator
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.types import CameraFrame, LiquidState, to_seconds
from multigen_core.world.scene import Scene, TargetSpec, load_scene
from multigen_core.world.varied_vessel import varied
from multigen_core.world.vessel import Vessel

__all__ = [
    "FRAME_RATE",
    "STATE_RATE",
    "Pour",
    "follow",
    "load",
    "pours",
    "save",
    "simulate",
]

HELD_OUT = ("held_out", "held_out_opaque", "held_out_liquids")
"""Scenes of the held-out pours, by turns."""
_TRIES = 20
_FILLED, _FILLED_UNSEEN = 0.5, 0.15
"""Chances that the target is not empty at first: in walls that hide it, nobody could know."""
_LONGEST = 24.0
_BLEND = 1.0


def simulate(
    seed: int, pictures: bool = True, *, public: bool = False, held_out: bool = False
) -> Pour:
    """The pour of a seed.

    Args:
        seed: of the scene, the target's shape and the motion.
        pictures: whether to draw the hearing view.
        public: whether to render the public camera.
        held_out: whether vessels or liquids are those never trained on.

    Raises:
        MultigenError: no simulator is installed.
    """
    for attempt in range(_TRIES):
        rng = np.random.default_rng([seed, int(held_out), attempt])
        try:
            return _simulate(seed, rng, pictures, public, held_out)
        except UnreachableError:
            continue
    raise MultigenError(f"seed {seed}: the arm reaches none of {_TRIES} targets drawn")


def _simulate(
    seed: int, rng: np.random.Generator, pictures: bool, public: bool, held_out: bool
) -> Pour:
    scene = load_scene(
        HELD_OUT[seed % len(HELD_OUT)] if held_out else "randomised", int(rng.integers(2**31))
    )
    if not held_out:
        target = varied(scene.target.vessel, rng)
        scene = _with_target(scene, target, rng, _FILLED_UNSEEN if public else _FILLED)
    target = scene.target.vessel
    place = np.array(scene.target.position)
    if rng.random() < 0.15:
        place[1] += rng.uniform(-1.0, 0.6) * target.mouth_radius
    motion = Motion.drawn(rng, target.capacity - scene.target.volume_ml * 1e-6)
    return follow(scene, seed, motion, place, pictures, public=public)


def follow(
    scene: Scene,
    seed: int,
    motion: Motion,
    place: ArrayLike,
    pictures: bool = True,
    *,
    public: bool = False,
) -> Pour:
    """The pour of a scene by a motion aimed at `place` [m] in base_link.

    Args:
        scene: what stands where.
        seed: of everything the scene leaves to chance.
        motion: tilts the source, from upright.
        place: where the target is thought to stand.
        pictures: whether to draw the hearing view.
        public: whether to render the public camera.

    Raises:
        MultigenError: no simulator is installed.
        UnreachableError: the arm cannot pour there.
    """
    simulator = _simulator()
    simulator.reset(scene, seed)
    station = Station.of(scene, Arm.load(), Told.TARGET)
    x, y, z = np.asarray(place, float).tolist()
    path = plan_pour(replace(station, position=(x, y, z)))
    states: list[LiquidState] = []
    frames: dict[View, list[CameraFrame]] = {"cutaway": [], "public": []}
    wanted: dict[View, bool] = {"cutaway": pictures, "public": public}
    asked = [view for view, on in wanted.items() if on]
    joints = len(path.at(0.0))
    offset = simulator.state().joints.positions[:joints] - path.at(0.0)
    steps = round(1 / STATE_RATE / simulator.timestep)
    while not motion.over and len(states) < _LONGEST * STATE_RATE:
        state = simulator.state().liquid
        if len(states) % (STATE_RATE // FRAME_RATE) == 0:
            for view in asked:
                frames[view].append(simulator.render(view))
        states.append(state)
        tilt, rate = motion.step(state, 1 / STATE_RATE)
        fade = np.clip(1.0 - to_seconds(state.stamp) / _BLEND, 0.0, 1.0)
        simulator.command(path.at(tilt) + fade * offset, path.slope(tilt) * rate)
        simulator.step(steps)
    return Pour(seed, scene, states, frames["cutaway"], frames["public"])


def _with_target(scene: Scene, target: Vessel, rng: np.random.Generator, filled: float) -> Scene:
    """The scene with another target, with chance `filled` filled to some part before it starts."""
    part = rng.uniform(0.0, 0.85) if rng.random() < filled else 0.0
    spec = TargetSpec(
        vessel=target, position=scene.target.position, volume_ml=part * target.capacity * 1e6
    )
    return Scene.model_validate({**dict(scene), "target": spec})


@lru_cache(maxsize=1)
def _simulator() -> Simulator:
    return make_simulator("mujoco", Arm.load())


def pours(
    seeds: Sequence[int],
    folder: Path,
    pictures: bool = True,
    *,
    public: bool = False,
    held_out: bool = False,
    workers: int = 1,
) -> Iterator[Path]:
    """Files of the seeds' pours in `folder`, simulated unless they are there, as they get ready.

    Raises:
        MultigenError: the folder cannot be written, or no simulator is installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(seed, folder, pictures, public, held_out) for seed in seeds]
    if workers == 1:
        yield from map(_remembered, jobs)
        return
    with get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(_remembered, jobs)


def _remembered(job: tuple[int, Path, bool, bool, bool]) -> Path:
    seed, folder, pictures, public, held_out = job
    views = "".join(name for name, on in (("c", pictures), ("p", public)) if on)
    path = folder / f"{'held' if held_out else 'train'}-{seed:05d}{views and '-' + views}.npz"
    if not path.exists():
        save(simulate(seed, pictures, public=public, held_out=held_out), path)
    return path
