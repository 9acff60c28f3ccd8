"""Simulated pours to learn from and to measure on: what happened, and what the views showed.

Each is a function of its seed. Training pours vary all that the scene `randomised` varies, and the
target's shape besides, so that sizes are continuous and have to be measured; held-out pours take
the scenes of vessels and liquids that are never trained on, as the catalogue has them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multigen_audio.flow.training.shapes import varied
from multigen_audio.flow.training.tilting import Motion
from multigen_core import vessel as catalogue
from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic
from multigen_core.kinematics import UnreachableError
from multigen_core.pour_path import plan_pour
from multigen_core.scene import Scene, load_scene
from multigen_core.simulator import Simulator, View, make_simulator
from multigen_core.types import CameraFrame, LiquidState, to_seconds
from multigen_core.vessel import Vessel

HELD_OUT = ("held_out", "held_out_opaque", "held_out_liquids")
"""Scenes of the held-out pours, by turns."""
FRAME_RATE = 10
"""Of both views [Hz]."""
STATE_RATE = 100
"""Of the liquid's states [Hz]."""
_VERSION = 1
_TEXTS = ("source_vessel", "target_vessel", "liquid")
_NUMBERS = tuple(
    field.name for field in dataclasses.fields(LiquidState) if field.name not in ("stamp", *_TEXTS)
)
_BROKEN = (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile, zlib.error)
_TRIES = 20
_FILLED, _FILLED_UNSEEN = 0.5, 0.15
"""Chances that the target is not empty at first: in walls that hide it, nobody could know."""
_LONGEST = 24.0
_BLEND = 1.0


@dataclass(frozen=True, eq=False)
class Pour:
    """One pour: `states` at STATE_RATE, and `cutaway` and `public` frames at FRAME_RATE, if asked.

    Frame k belongs to the moment of state k · STATE_RATE / FRAME_RATE.
    """

    seed: int
    scene: Scene
    target: Vessel
    states: list[LiquidState]
    cutaway: list[CameraFrame]
    public: list[CameraFrame]


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
        target = varied(catalogue.vessel(scene.target.vessel), rng)
        scene = _with_target(scene, target, rng, _FILLED_UNSEEN if public else _FILLED)
    target = catalogue.vessel(scene.target.vessel)
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
    source, target = catalogue.vessel(scene.source.vessel), catalogue.vessel(scene.target.vessel)
    simulator.reset(scene, seed)
    path = plan_pour(Arm.load(), source, scene.source.grasp_height, place, target)
    states: list[LiquidState] = []
    frames: dict[View, list[CameraFrame]] = {"cutaway": [], "public": []}
    asked: list[View] = [v for v, wanted in (("cutaway", pictures), ("public", public)) if wanted]
    joints = len(path.at(0.0))
    offset = simulator.joint_state().positions[:joints] - path.at(0.0)
    steps = round(1 / STATE_RATE / simulator.timestep)
    while not motion.over and len(states) < _LONGEST * STATE_RATE:
        state = simulator.liquid_state()
        if len(states) % (STATE_RATE // FRAME_RATE) == 0:
            for view in asked:
                frames[view].append(simulator.render(view))
        states.append(state)
        tilt, rate = motion.step(state, 1 / STATE_RATE)
        fade = np.clip(1.0 - to_seconds(state.stamp) / _BLEND, 0.0, 1.0)
        simulator.command(path.at(tilt) + fade * offset, path.slope(tilt) * rate)
        simulator.step(steps)
    return Pour(seed, scene, target, states, frames["cutaway"], frames["public"])


def _with_target(scene: Scene, target: Vessel, rng: np.random.Generator, filled: float) -> Scene:
    """The scene with another target, with chance `filled` filled to some part before it starts."""
    part = rng.uniform(0.0, 0.85) if rng.random() < filled else 0.0
    spec = {
        "vessel": vessel_file(target),
        "position": scene.target.position,
        "volume_ml": part * target.capacity * 1e6,
    }
    return Scene.model_validate({**scene.model_dump(), "target": spec})


def vessel_file(target: Vessel) -> str:
    """A file that describes the vessel, by which the simulation and its states know it."""
    text = target.model_dump_json(exclude={"name"})
    name = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"
    path = Path(tempfile.gettempdir()) / "multigen_vessels" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    return str(path)


@lru_cache(maxsize=1)
def _simulator() -> Simulator:
    return make_simulator()


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


def save(pour: Pour, path: Path) -> None:
    """Write a pour, compressed.

    Raises:
        MultigenError: it cannot be written.
    """
    first = pour.states[0]
    about = {
        "version": _VERSION,
        "seed": pour.seed,
        "scene": pour.scene.model_dump(),
        "target": pour.target.model_dump(exclude={"name"}),
        "liquid": first.liquid,
    }
    arrays: dict[str, NDArray[Any]] = {
        "stamps": np.array([state.stamp for state in pour.states]),
        "numbers": np.array([[getattr(s, name) for name in _NUMBERS] for s in pour.states]),
        "frame_stamps": np.array([frame.stamp for frame in pour.cutaway or pour.public], np.int64),
    }
    for view, frames in (("cutaway", pour.cutaway), ("public", pour.public)):
        if frames:
            packed = [zlib.compress(frame.rgb.tobytes(), 6) for frame in frames]
            arrays[view] = np.frombuffer(b"".join(packed), np.uint8)
            arrays[f"{view}_ends"] = np.cumsum([len(part) for part in packed])
            about[view] = {"shape": frames[0].rgb.shape, "frame_id": frames[0].frame_id}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    image = io.BytesIO()
    np.savez(image, **arrays)  # type: ignore[arg-type]
    write_atomic(path, image.getvalue())


def read_pictures(path: Path, view: View, chosen: ArrayLike | None = None) -> NDArray[np.uint8]:
    """Pictures of a saved pour, (K, H, W, 3); all of them, or the chosen by number.

    Raises:
        MultigenError: the file is missing or broken, or holds none of that view.
    """
    try:
        with np.load(path) as file:
            data, ends = file[view], file[f"{view}_ends"]
            shape = json.loads(file["about"].tobytes())[view]["shape"]
        starts = np.append(0, ends[:-1])
        numbers = np.arange(len(ends)) if chosen is None else np.asarray(chosen)
        parts = [zlib.decompress(data[starts[n] : ends[n]]) for n in numbers]
        return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), *shape)
    except _BROKEN as error:
        raise MultigenError(f"{path}: no {view} pictures: {error}") from error


def load(path: Path) -> Pour:
    """Read a pour.

    Raises:
        MultigenError: it is missing, broken or of another version.
    """
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in ("about", "stamps", "numbers", "frame_stamps")}
        about = json.loads(arrays["about"].tobytes())
        if about["version"] != _VERSION:
            raise MultigenError(f"{path}: version {about['version']}, expected {_VERSION}")
        target = Vessel.model_validate(about["target"])
        named = about["scene"]["target"]
        if catalogue.is_vessel_file(named["vessel"]):
            named["vessel"] = vessel_file(target)
        scene = Scene.model_validate(about["scene"])
        states = [
            LiquidState(
                int(stamp),
                scene.source.vessel,
                scene.target.vessel,
                scene.liquid,
                **dict(zip(_NUMBERS, map(float, row), strict=True)),
            )
            for stamp, row in zip(arrays["stamps"], arrays["numbers"], strict=True)
        ]
        stamps = [int(stamp) for stamp in arrays["frame_stamps"]]
    except _BROKEN as error:
        raise MultigenError(f"{path}: not a pour: {error}; delete it to simulate anew") from error
    frames: dict[View, list[CameraFrame]] = {"cutaway": [], "public": []}
    for view in frames:
        if view in about:
            pictures = zip(stamps, read_pictures(path, view), strict=True)
            name = about[view]["frame_id"]
            frames[view] = [CameraFrame(stamp, rgb, name) for stamp, rgb in pictures]
    return Pour(about["seed"], scene, target, states, frames["cutaway"], frames["public"])
