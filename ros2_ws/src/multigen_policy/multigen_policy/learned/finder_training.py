"""The network that finds the vessels, and its training on simulated views."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError
from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic
from multigen_core.learning.export import export
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training
from multigen_core.learning.settings import Settings
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import GraspError
from multigen_core.workers import run_tasks
from multigen_core.world.scene import Scene, load_scene
from multigen_core.world.varied_vessel import varied
from multigen_policy.learned.finding import (
    FOUND,
    HELD,
    POINTS,
    SEARCH,
    USUAL,
    Planes,
    truth_of,
)
from multigen_policy.learned.senses import Eye
from multigen_policy.learned.weights import FINDER
from multigen_policy.rollouts.closed_loop import shared_simulator

STEPS = 3000
SCENES = 3000
_SHARD = 50
_BATCH = 64
_SPREAD = 0.095
_TRIES = 30
_VIEWS = ("search", "held")
_PARTS = (*_VIEWS, "points", "pose", "tool", "truth")
_SIDES = [POINTS.index("left"), POINTS.index("right")]
_UNIT = 20.0
_SHIFT = 12
"""Pixels that views are shifted by at most."""

Arrays = dict[str, np.ndarray]


class Locator(nn.Module):
    """Finds POINTS in a view."""

    middle: Tensor

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.eye = Eye(size, (32, 64, 96), 192)
        self.tell = nn.Sequential(nn.Linear(192, 192), nn.ReLU(), nn.Linear(192, 4 * len(POINTS)))
        rows, columns = size
        middle = torch.tensor([columns / 2, rows / 2])
        self.register_buffer("middle", middle, persistent=False)

    def forward(self, view: Tensor) -> tuple[Tensor, Tensor]:
        """Columns and rows (N, P, 2) of POINTS [pixels] in views (N, H, W, 3), log scales."""
        told = self.tell(self.eye(view)).unflatten(-1, (2, len(POINTS), 2))
        return self.middle + _UNIT * told[:, 0], told[:, 1]


class FinderNetwork(nn.Module):
    """From the views of target and held vessel to their POINTS."""

    def __init__(self) -> None:
        super().__init__()
        self.search = Locator(SEARCH)
        self.held = Locator(HELD)

    def forward(self, search: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
        """Columns and rows (N, 2, P, 2) [pixels], and logarithms of their scales."""
        found = self.search(search), self.held(held)
        points, scales = zip(*found, strict=True)
        return torch.stack(points, 1), torch.stack(scales, 1)


def draw_view(seed: int) -> Arrays:
    """Views and truth of one random scene at rest.

    Raises:
        MultigenError: no scene that was drawn can be simulated.
    """
    for attempt in range(_TRIES):
        rng = np.random.default_rng([seed, attempt, 41])
        try:
            return _view(_scene(rng), seed)
        except (UnreachableError, GraspError, ValueError):
            continue
    raise MultigenError(f"seed {seed}: none of {_TRIES} drawn scenes can be simulated")


def _scene(rng: Generator) -> Scene:
    scene = load_scene("randomised", int(rng.integers(2**31)))
    x, y = np.array(USUAL[:2]) + rng.uniform(-_SPREAD, _SPREAD, 2)
    target, source = scene.target.vessel, scene.source.vessel
    if rng.random() < 0.8:
        target = varied(target, rng)
    if rng.random() < 0.5:
        source = varied(source, rng)
    fill = rng.uniform(0.3, 0.9)
    part = rng.uniform(0, 0.5) if rng.random() < 0.35 else 0.0
    return Scene.model_validate({
        **dict(scene),
        "target": {"vessel": target, "position": (float(x), float(y), USUAL[2]),
                   "volume_ml": part * target.capacity * 1e6},
        "source": {"vessel": source, "volume_ml": fill * source.capacity * 1e6,
                   "grasp_height": float(rng.uniform(0.055, 0.09))},
    })  # fmt: skip


def _view(scene: Scene, seed: int) -> Arrays:
    arm = Arm.load()
    simulator = shared_simulator("mujoco", arm)
    simulator.reset(scene, seed)
    station = Station.of(scene, arm, Told.NOTHING)
    joints = simulator.state().joints.positions[: len(arm.names)]
    frame = simulator.render("public")
    planes = Planes.of(station, joints)
    seen = planes.views(frame.rgb, scene.camera.calibration, station.camera.pose)
    points = planes.points_of(scene)
    return {**seen, "points": points, "pose": station.camera.pose, "tool": planes.tool,
            "truth": truth_of(scene)}  # fmt: skip


def _shard(folder: Path, number: int) -> Path:
    path = folder / f"{number:05d}.npz"
    if not path.exists():
        drawn = [draw_view(number * _SHARD + k) for k in range(_SHARD)]
        file = io.BytesIO()
        arrays: Any = {name: np.stack([d[name] for d in drawn]) for name in _PARTS}
        np.savez(file, **arrays)
        write_atomic(path, file.getvalue())
    return path


def simulated_views(folder: Path, count: int, workers: int) -> Arrays:
    """Views and truth of `count` scenes, kept in a folder.

    Raises:
        MultigenError: a scene cannot be simulated or the folder not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for _, outcome in run_tasks(partial(_shard, folder), range(-(-count // _SHARD)), workers):
        if isinstance(outcome, Exception):
            raise outcome
        paths.append(outcome)
    files = [np.load(path) for path in sorted(paths)]
    return {name: np.concatenate([file[name] for file in files]) for name in _PARTS}


def train(settings: Settings, group: Group, scenes: int = SCENES) -> None:
    """Simulate views, train on them and write the finder's files.

    Raises:
        MultigenError: the simulation or the training fails.
    """
    if group.first:
        simulated_views(settings.out / "scenes", scenes, settings.workers)
    group.wait()
    data = simulated_views(settings.out / "scenes", scenes, settings.workers)
    kept = len(data["truth"]) // 10
    torch.manual_seed(settings.seed)
    network = FinderNetwork().to(group.device)
    training = Training(network, "finder", settings, group, STEPS)
    size = group.share(_BATCH)
    for step, rng in training:
        chosen = kept + rng.integers(len(data["truth"]) - kept, size=size)
        loss, figures = _loss(network, _batch(data, chosen, rng, group.device))
        if (step + 1) % 250 == 0:
            with torch.no_grad():
                figures |= _kept(network, data, kept, group.device)
        training.learn(loss, figures)
    training.finish()
    if group.first:
        save(network, settings.out)


def save(network: FinderNetwork, out: Path) -> None:
    """Write the finder's files."""
    example = {"search": torch.zeros(1, *SEARCH, 3), "held": torch.zeros(1, *HELD, 3)}
    export(network, out, "finder", FINDER, {}, example, ["points", "scales"], {})


def _batch(
    data: Arrays, chosen: np.ndarray, rng: Generator | None, device: torch.device
) -> dict[str, Tensor]:
    """Examples, with other light and colours, mirrored and moved."""
    views = {name: np.asarray(data[name][chosen], np.float32) for name in _VIEWS}
    points = np.asarray(data["points"][chosen], np.float32)
    if rng is not None:
        gain = np.exp(rng.normal(0, 0.25, (len(chosen), 1, 1, 1)))
        tint = np.exp(rng.normal(0, 0.1, (len(chosen), 1, 1, 3)))
        lift = rng.normal(0, 10, (len(chosen), 1, 1, 1))
        for which, (name, view) in enumerate(views.items()):
            noise = rng.normal(0, rng.exponential(3.0), (1, *view.shape[1:]))
            changed = np.clip(view * gain * tint + lift + noise, 0, 255).astype(np.float32)
            views[name] = _moved(changed, points[:, which], rng)
    arrays = {**views, "points": points}
    return {name: torch.from_numpy(value).to(device) for name, value in arrays.items()}


def _moved(view: np.ndarray, points: np.ndarray, rng: Generator) -> np.ndarray:
    """Views (N, H, W, 3) shifted, some mirrored; their points (N, P, 2) are changed in place."""
    moved = np.zeros_like(view)
    rows, columns = view.shape[1:3]
    for index, (one, at) in enumerate(zip(view, points, strict=True)):
        if rng.random() < 0.5:
            one = one[:, ::-1]
            at[:, 0] = columns - 1 - at[:, 0]
            at[_SIDES] = at[_SIDES[::-1]]
        right, down = (int(v) for v in rng.integers(-_SHIFT, _SHIFT + 1, 2))
        at += [right, down]
        source = one[max(0, -down) : rows - max(0, down), max(0, -right) : columns - max(0, right)]
        top, left = max(0, down), max(0, right)
        moved[index, top : top + source.shape[0], left : left + source.shape[1]] = source
    return moved


def _loss(network: FinderNetwork, given: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Negative logarithm of Laplace distributions, and mean absolute errors [pixels]."""
    points, scales = network(given["search"], given["held"])
    away = (points - given["points"]).abs()
    loss = (away * (-scales).exp() + scales).mean()
    errors = away.detach().mean((0, 2, 3)).tolist()
    figures = {f"{name}_px": error for name, error in zip(_VIEWS, errors, strict=True)}
    return loss, {"loss": float(loss.detach()), **figures}


def _kept(
    network: FinderNetwork, data: Arrays, kept: int, device: torch.device
) -> dict[str, float]:
    """Mean absolute errors of what follows from the points in views not learnt from [cm]."""
    given = _batch(data, np.arange(kept), None, device)
    points = network(given["search"], given["held"])[0].cpu().numpy().astype(float)
    away = []
    for index in range(kept):
        planes = Planes.at(data["pose"][index], data["tool"][index])
        away.append(np.abs(planes.values(points[index]) - data["truth"][index]))
    return {f"kept/{name}": float(v) for name, v in zip(FOUND, np.mean(away, 0), strict=True)}
