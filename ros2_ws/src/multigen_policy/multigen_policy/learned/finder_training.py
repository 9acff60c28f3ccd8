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
    PLACE,
    SEARCH,
    USUAL,
    USUAL_VALUES,
    truth_of,
    views,
)
from multigen_policy.learned.network import Eye
from multigen_policy.learned.weights import FINDER
from multigen_policy.rollouts.closed_loop import shared_simulator

STEPS = 3000
SCENES = 3000
_SHARD = 50
_BATCH = 64
_SPREAD = 0.095
_TRIES = 30
_PARTS = ("search", "held", "place", "truth")

Arrays = dict[str, np.ndarray]


class FinderNetwork(nn.Module):
    """From the views and the camera's place to what is found: means and log scales."""

    def __init__(self) -> None:
        super().__init__()
        self.search = Eye(SEARCH, (32, 64, 96), 192)
        self.held = Eye(HELD, (24, 48, 64), 128)
        self.join = nn.Sequential(
            nn.Linear(192 + 128 + PLACE, 192), nn.ReLU(), nn.Linear(192, 192), nn.ReLU(),
            nn.Linear(192, 2 * len(FOUND)),
        )  # fmt: skip

    def forward(self, search: Tensor, held: Tensor, place: Tensor) -> tuple[Tensor]:
        """Found (N, 2 F): differences from USUAL_VALUES [cm] and logarithms of their scales."""
        return (self.join(torch.cat([self.search(search), self.held(held), place], -1)),)


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
    seen = views(station, joints, frame.rgb, scene.camera.calibration)
    return {"search": seen.search, "held": seen.held, "place": seen.place,
            "truth": truth_of(scene).astype(np.float32)}  # fmt: skip


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
        simulated_views(settings.out / "views", scenes, settings.workers)
    group.wait()
    data = simulated_views(settings.out / "views", scenes, settings.workers)
    kept = len(data["truth"]) // 10
    torch.manual_seed(settings.seed)
    network = FinderNetwork().to(group.device)
    training = Training(network, "finder", settings, group, STEPS)
    size = group.share(_BATCH)
    for step, rng in training:
        chosen = kept + rng.integers(len(data["truth"]) - kept, size=size)
        loss, figures = _loss(network, _batch(data, chosen, rng, group.device))
        if (step + 1) % 250 == 0:
            network.eval()
            with torch.no_grad():
                _, told = _loss(network, _batch(data, np.arange(kept), None, group.device))
            figures |= {f"kept/{name}": value for name, value in told.items()}
            network.train()
        training.learn(loss, figures)
    training.finish()
    if group.first:
        example = {
            "search": torch.zeros(1, *SEARCH, 3), "held": torch.zeros(1, *HELD, 3),
            "place": torch.zeros(1, PLACE),
        }  # fmt: skip
        export(network, settings.out, "finder", FINDER, {}, example, ["found"], {})


def _batch(
    data: Arrays, chosen: np.ndarray, rng: Generator | None, device: torch.device
) -> dict[str, Tensor]:
    """Examples, with other light and colours."""
    found = {name: np.asarray(data[name][chosen], np.float32) for name in _PARTS}
    if rng is not None:
        gain = np.exp(rng.normal(0, 0.25, (len(chosen), 1, 1, 1)))
        tint = np.exp(rng.normal(0, 0.1, (len(chosen), 1, 1, 3)))
        lift = rng.normal(0, 10, (len(chosen), 1, 1, 1))
        for name in ("search", "held"):
            noise = rng.normal(0, rng.exponential(3.0), (1, *found[name].shape[1:]))
            changed = found[name] * gain * tint + lift + noise
            found[name] = np.clip(changed, 0, 255).astype(np.float32)
    return {name: torch.from_numpy(value).to(device) for name, value in found.items()}


def _loss(network: FinderNetwork, given: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Negative logarithm of Laplace distributions, and mean absolute errors [cm]."""
    (found,) = network(given["search"], given["held"], given["place"])
    mean, scale = found.chunk(2, -1)
    usual = torch.from_numpy(USUAL_VALUES).float().to(mean.device)
    away = (mean + usual - given["truth"]).abs()
    loss = (away * (-scale).exp() + scale).mean()
    errors = dict(zip(FOUND, away.detach().mean(0).tolist(), strict=True))
    return loss, {"loss": float(loss.detach()), **errors}
