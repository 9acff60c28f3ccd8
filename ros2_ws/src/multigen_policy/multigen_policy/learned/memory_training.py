"""Trains memory and heads alone, on what the frozen ear and eyes tell of each pour.

Without convolutions a step takes a tenth of the time, and what is hard to learn, to remember and to
add up, gets many more steps.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from multigen_core.errors import MultigenError
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training
from multigen_core.learning.settings import Settings
from multigen_policy.learned.batches import another_goal, batch, example, kill, padded, targets
from multigen_policy.learned.dataset import Episode
from multigen_policy.learned.inputs import STATE
from multigen_policy.learned.losses import Targets, errors, losses, true_values
from multigen_policy.learned.network import Audiovisual
from multigen_policy.learned.outputs import HEADS, SQRT2, UNCERTAIN
from multigen_policy.learned.training import Run, begun, save, validation_split

STEPS = 3000
BATCH = 48
VARIANTS = 3
"""Variations of each pour whose features are kept."""
_FEATURES = ("heard", "crop", "whole", "state", "onsets")
_GOAL = STATE.index("goal")
CERTAINTY = 0.683
"""Share of a normal distribution within one standard deviation."""
_POURED = 5.0
"""Volume [ml] from which a pour counts in the calibration."""

Arrays = dict[str, Any]


def train(episodes: Sequence[Episode], run: Run, settings: Settings, group: Group) -> None:
    """Train on pours, from weights or from where it stopped, and write all weights.

    Raises:
        MultigenError: there are no weights to begin from, or the training fails.
    """
    if settings.start is None:
        raise MultigenError("--memory-only needs --start DIR, weights whose ear and eyes are kept")
    taught, kept = validation_split(episodes)
    network = begun(run, settings).to(group.device)
    rng = np.random.default_rng([settings.seed, 53, group.rank])
    run = replace(run, variation=replace(run.variation, longest=sys.maxsize, looks=1))
    known = [
        found
        for _ in range(VARIANTS)
        for found in features(network, group.mine(taught), run, rng, group.device)
    ]
    checked = features(network, kept, run, None, group.device)
    group.tell(f"features of {len(known)} pours")
    memory = nn.ModuleList([
        network.mind.felt, network.mind.join, network.mind.memory, network.mind.heads,
        network.mind.onsets, network.mind.act,
    ])  # fmt: skip
    training = Training(memory, "memory", settings, group, STEPS, run.rate)
    size = group.share(BATCH)
    for step, drawn in training:
        chosen = [known[i] for i in drawn.integers(len(known), size=size)]
        loss, figures = _loss(network, [_varied(one, run, drawn) for one in chosen], group.device)
        if checked and (step + 1) % 250 == 0:
            with torch.no_grad():
                _, told = _loss(network, checked, group.device)
            figures |= {f"kept/{name}": value for name, value in told.items()}
        training.learn(loss, figures)
    training.finish()
    if group.first:
        if checked:
            for name, factor in calibrate(network, checked, group.device).items():
                group.tell(f"{name}: standard deviation times {factor:.2f}")
        save(network, settings.out)


@torch.no_grad()
def calibrate(
    network: Audiovisual, checked: Sequence[Arrays], device: torch.device
) -> dict[str, float]:
    """Make one standard deviation hold CERTAINTY of the truths of pours not learnt from.

    What is learnt by heart looks too certain. Returns the factor of each head's deviations.
    """
    outputs, wanted = _outputs(network, checked, device)
    truth = true_values(wanted.truth)
    flowed = (wanted.valid * wanted.dated[:, None] * (truth["poured"] > _POURED)).bool()
    last = network.mind.heads[-1]
    assert isinstance(last, nn.Linear)
    factors = {}
    for name in UNCERTAIN if flowed.any() else ():
        columns, unit = HEADS[name]
        mean, scale = outputs[..., columns].unbind(-1)
        away = (mean - truth[name] / unit).abs() / (scale.exp() * SQRT2)
        factor = away[flowed].quantile(CERTAINTY).clamp(min=1e-3)
        last.bias[columns.stop - 1] += factor.log()
        factors[name] = float(factor)
    return factors


@torch.no_grad()
def features(
    network: Audiovisual,
    episodes: Sequence[Episode],
    run: Run,
    rng: Generator | None,
    device: torch.device,
) -> list[Arrays]:
    """What ear and eyes tell of each pour, once varied; of undisturbed pours without `rng`."""
    found = []
    for episode in episodes:
        one = example(episode, run.variation, rng)
        given = batch([one], device)
        spectra, ends, crop, whole, state, _ = given.inputs
        seen = network.mind.see(crop, whole, state.shape[1])
        parts = (network.hear(spectra, ends), *seen)
        told = {
            name: part[0].half().cpu().numpy() for name, part in zip(_FEATURES, parts, strict=False)
        }
        found.append(
            {
                **told,
                **{name: one[name] for name in ("state", "onsets", "truth", "goal", "dated")},
            }
        )
    return found


def _varied(one: Arrays, run: Run, rng: Generator) -> Arrays:
    """Another goal, and other senses that die."""
    state, goal = one["state"].copy(), one["goal"]
    if rng.random() < 0.5:
        goal = another_goal(one["truth"], rng)
    if one["dated"]:
        kill(state, run.variation, rng)
    state[:, _GOAL] = goal / 100.0
    return {**one, "state": state, "goal": goal}


def _loss(
    network: Audiovisual, some: Sequence[Arrays], device: torch.device
) -> tuple[Tensor, dict[str, float]]:
    outputs, wanted = _outputs(network, some, device)
    loss = torch.stack(list(losses(outputs, wanted).values())).sum()
    with torch.no_grad():
        return loss, {"loss": float(loss.detach()), **errors(outputs, wanted)}


def _outputs(
    network: Audiovisual, some: Sequence[Arrays], device: torch.device
) -> tuple[Tensor, Targets]:
    heard, crop, whole, state, onsets = (padded(some, name, device) for name in _FEATURES)
    return network.think(heard, crop, whole, state, onsets), targets(some, device)
