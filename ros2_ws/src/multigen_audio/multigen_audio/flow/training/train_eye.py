"""Training loop of the eye."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from multigen_audio.flow.conditions import MATERIALS
from multigen_audio.flow.eye import Eye
from multigen_audio.flow.networks.cutaway import CutawayNetwork
from multigen_audio.flow.networks.layers import MEMORY, Eyed
from multigen_audio.flow.networks.placing import Finder
from multigen_audio.flow.networks.public import PublicNetwork
from multigen_audio.flow.sight import LEAST_FLOW
from multigen_audio.flow.training.eye_data import Windows
from multigen_audio.flow.training.measure_eye import measure, report
from multigen_audio.flow.training.simulated import simulated_pours
from multigen_audio.flow.weights import EYE
from multigen_core.learning.export import export
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training
from multigen_core.learning.settings import Settings
from multigen_core.simulator import View

STEPS = {"cutaway": 1500, "public": 2400}
POURS = {"cutaway": 480, "public": 360}
"""Simulated pours to learn from."""
HELD_OUT_POURS = 36
_FRAMES = {"cutaway": 192, "public": 128}
"""In a batch: of many vessels in two steps of three, of fewer for longer in the third."""
_LENGTHS = {"cutaway": (6, 6, 24), "public": (4, 4, 24)}
_APART = 3
"""The finder looks at one of so many frames, for their neighbours show it the same."""
_WEIGHTS: dict[View, dict[str, float]] = {"cutaway": {}, "public": {"flow_gate": 2.0}}
"""Of losses, 1 unless given: the camera shows a stream as a few pixels somewhere."""
_RATE = 2e-3
_DECAY = 0.995
NETWORKS = {"cutaway": CutawayNetwork, "public": PublicNetwork}
_MILLILITRES = 1e6


def train(settings: Settings, group: Group, view: View) -> None:
    """Train the eye for a view, write its two files, and tell how it sees what is held out.

    Raises:
        MultigenError: the simulator is missing, or the training fails.
    """
    files = simulated_pours(settings, group, range(POURS[view]), view)
    group.tell(f"{len(files)} simulated pours")
    torch.manual_seed(settings.seed)
    network = NETWORKS[view]().to(group.device)
    windows = Windows(files, view)
    training = Training(network, f"eye_{view}", settings, group, STEPS[view], _RATE, _DECAY)
    for step, rng in training:
        length = _LENGTHS[view][step % 3]
        arrays = windows.batch(group.share(_FRAMES[view] // length), length, rng)
        batch = {key: torch.from_numpy(value).to(group.device) for key, value in arrays.items()}
        with training.autocast():
            parts = losses(network, batch)
        weights = _WEIGHTS[view]
        total = torch.stack([weights.get(name, 1.0) * part for name, part in parts.items()]).sum()
        training.learn(total, {name: float(part.detach()) for name, part in parts.items()})
    training.finish()
    unseen = simulated_pours(settings, group, range(HELD_OUT_POURS), view, held_out=True)
    if group.first:
        save(network, settings.out)
        group.tell(report(measure(Eye(settings.out, view), unseen, view)))


def save(network: Eyed, out: Path) -> None:
    """Write the eye's two files."""
    height, width = network.size
    export(
        network.folded(),
        out,
        f"eye_{network.view}",
        EYE,
        {"view": network.view, "size": [height, width]},
        {
            "frame": torch.zeros(1, 1, height, width, 3, dtype=torch.uint8),
            "gap": torch.ones(1, 1, 1),
            "state_memory": torch.zeros(1, 1, MEMORY),
            "state_seen": torch.zeros(1, network.seen),
        },
        ["rows", "hops", "slow", "next_memory", "next_seen"],
        {},
    )


def losses(network: Eyed, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is to be made small, by name."""
    size = len(batch["frame"])
    zeros = batch["gap"].new_zeros
    memory, seen = zeros(1, size, MEMORY), zeros(size, network.seen)
    if isinstance(network, PublicNetwork):
        seen[:, :2] = batch["before"]
        pictures = network.pictures(batch["frame"])
        true = batch["place"].flatten(0, 1)
        told = network.read(pictures, batch["guess"].flatten(0, 1), batch["gap"], memory, seen)
        parts = _of_levels(told[5], batch)
        parts |= _of_places(network.finder, pictures[::_APART], true[::_APART])
    else:
        told = network(batch["frame"], batch["gap"], memory, seen)
        parts = {}
    rows, hops, slow = told[:3]
    return {**parts, **_of_rows(rows, batch), **_of_hops(hops, batch), **_of_slow(slow, batch)}


def _of_levels(filled: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    true, level, clear = batch["rows"][:, :, 1], batch["lengths"][..., 0], batch["clear"][:, None]
    seen, summed = filled.unbind(2)
    cover = functional.binary_cross_entropy(seen, true, reduction="none").mean(-1)
    seen_error, summed_error = ((rows.sum(-1) - level).abs() for rows in (seen, summed))
    return {
        "seen": (clear * (4.0 * cover + 0.3 * seen_error.clamp(max=10.0))).mean(),
        "summed": 0.15 * _robust(summed_error, 10.0),
    }


def _of_places(finder: Finder, pictures: Tensor, true: Tensor) -> dict[str, Tensor]:
    places, heat = finder(pictures)
    error = (places - true).abs()
    return {
        "ends": 0.1 * _robust(error[:, :4], 20.0),
        "heat": 0.5 * finder.coldness(heat, true),
        "scales": 20.0 * error[:, 4:].mean(),
    }


def _of_rows(rows: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    inside, filled, radius = rows.unbind(2)
    true = batch["rows"]
    level, height, mouth = batch["lengths"].unbind(-1)
    within = true[:, :, 0]
    cover = functional.binary_cross_entropy(inside, within)
    cover = cover + functional.binary_cross_entropy(filled, true[:, :, 1])
    heights = (inside.sum(-1) - height).abs() + (filled.sum(-1) - level).abs()
    error = (radius - true[:, :, 2]).abs()
    wide = (error * within).sum(-1) / height
    # The mouth's rows, which decide the end correction, count on their own.
    top = within * (1 - within.roll(1, -1)) + 0.3 * within * (1 - within.roll(3, -1))
    brim = (error * top).sum(-1) / top.sum(-1)
    opening = (radius * top).sum(-1) / top.sum(-1)
    column = (inside - filled).sum(-1).clamp(min=0.0) + 0.62 * opening
    quarter = (column / (height - level + 0.62 * mouth)).log().abs()
    return {
        "cover": 4.0 * cover,
        "heights": 0.3 * _robust(heights, 10.0),
        "radius": 0.3 * _robust(wide, 10.0) + 0.2 * _robust(brim, 10.0),
        "pitch": 3.0 * _robust(quarter, 1.0),
    }


def _robust(error: Tensor, most: float) -> Tensor:
    return error.clamp(max=most).mean() + 0.1 * (error - most).clamp(min=0.0).mean()


def _of_hops(hops: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    known = batch["known"][:, :, None]
    parts = {}
    for index, name in enumerate(("flow", "miss")):
        true = batch["hops"][..., index]
        on = (true > LEAST_FLOW).float()
        gate = functional.binary_cross_entropy_with_logits(
            hops[..., 2 * index], on, reduction="none"
        )
        error = (hops[..., 2 * index + 1] - (true.clamp(min=1e-9) * _MILLILITRES).log()).abs()
        parts[f"{name}_gate"] = (gate * known).mean()
        parts[name] = 0.5 * (error * on * known).sum() / (on * known).sum().clamp(min=50.0)
    return parts


def _of_slow(slow: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    true = batch["slow"]
    coloured = batch["coloured"][:, None]
    kinds = len(MATERIALS)
    flows = (true[..., 0] > 0).float()
    speed = ((slow[..., 0] - true[..., 0]).abs() * flows).sum() / flows.sum().clamp(min=1.0)
    material = functional.cross_entropy(
        slow[..., 1 : 1 + kinds].flatten(0, 1),
        true[..., 1 : 1 + kinds].argmax(-1).flatten(),
        reduction="none",
    ).view(slow.shape[:2])
    liquid = (slow[..., -3:] - true[..., -3:]).abs().mean(-1)
    return {
        "speed": 0.3 * speed,
        "material": 0.5 * (material * coloured).mean(),
        "liquid": 0.3 * (liquid * coloured).mean(),
    }
