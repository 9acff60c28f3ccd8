"""Trains the eyes alone, on single pictures: how much leaves the lip, how full the target is.

A whole pour has one onset, and its loss reaches the eyes through a long memory. A picture has its
own truth, so that thousands of them a minute teach the eyes to see a stream and a surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training
from multigen_core.learning.settings import Settings
from multigen_policy.learned.batches import looks
from multigen_policy.learned.dataset import Episode
from multigen_policy.learned.network import Mind
from multigen_policy.learned.outputs import HEADS
from multigen_policy.learned.recorder import TRUTH
from multigen_policy.learned.training import Run, begun, save, validation_split

STEPS = 3000
POURS, PICTURES = 48, 4
"""Pours in a batch, and pictures of each."""
TOLD = ("outflow", "fill", "air_column", "content", "target_height", "target_radius")
"""What is told of a picture, besides whether anything flows."""
_UNITS = [HEADS[name][1] for name in TOLD]
_COLUMNS = [TRUTH.index(name) for name in TOLD]
_OUTFLOW = TRUTH.index("outflow")
_FLOWS = 0.5
"""Flow [ml/s] from which it counts as one."""
_NEAR = 10
"""Half of the pictures are this close to where a flow begins or ends [steps]."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Crops (N, *CROP, 3), whole views (N, *WHOLE, 3) and their truth (N, len(TRUTH))."""

    crop: Tensor
    whole: Tensor
    truth: Tensor


class Sight(nn.Module):
    """What both eyes tell of a picture: the logit of a flow, then TOLD in the units of HEADS."""

    def __init__(self, mind: Mind) -> None:
        super().__init__()
        self.crop, self.whole = mind.crop, mind.whole
        features = mind.config.seen + mind.config.seen // 2
        self.tell = nn.Linear(features, 1 + len(TOLD))

    def forward(self, crop: Tensor, whole: Tensor) -> Tensor:
        """(N, 1 + len(TOLD)), of crops and whole views in 0…255."""
        told: Tensor = self.tell(torch.cat([self.crop(crop), self.whole(whole)], -1))
        return told


def train(episodes: Sequence[Episode], run: Run, settings: Settings, group: Group) -> None:
    """Train the eyes on pours, from scratch or from weights, and write all weights.

    Raises:
        MultigenError: there are too few pours, or the training fails.
    """
    taught, kept = validation_split(episodes)
    network = begun(run, settings)
    sight = Sight(network.mind).to(group.device)
    training = Training(sight, "eyes", settings, group, STEPS, run.rate)
    checked = draw(kept, 4 * len(kept), np.random.default_rng(0), group.device, False)
    size = group.share(POURS)
    for step, rng in training:
        loss, figures = loss_of(sight, draw(taught, size, rng, group.device))
        if (step + 1) % 250 == 0:
            with torch.no_grad():
                told = loss_of(sight, checked)[1]
            figures |= {f"kept/{name}": value for name, value in told.items()}
        training.learn(loss, figures)
    training.finish()
    if group.first:
        save(network.cpu(), settings.out)


def draw(
    episodes: Sequence[Episode], count: int, rng: Generator, device: torch.device, vary: bool = True
) -> Pictures:
    """PICTURES of each of `count` drawn pours, half of them close to where a flow begins or ends.

    Those of one pour `vary` together in light and colours.
    """
    crops, wholes, truths = [], [], []
    for index in rng.integers(len(episodes), size=count):
        episode = episodes[index]
        truth = np.asarray(episode["truth"])
        steps = _steps(truth[:, _OUTFLOW] > _FLOWS, rng)
        crop, whole = episode["crop"][steps], episode["whole"][steps]
        if vary:
            crop, whole = looks(crop, whole, rng)
        crops.append(crop)
        wholes.append(whole)
        truths.append(truth[steps])
    arrays = (np.concatenate(parts) for parts in (crops, wholes, truths))
    return Pictures(*(torch.from_numpy(array).to(device).float() for array in arrays))


def _steps(flows: NDArray[np.bool_], rng: Generator) -> NDArray[np.int64]:
    changes = np.flatnonzero(np.diff(flows)) + 1
    steps = rng.integers(len(flows), size=PICTURES)
    if len(changes):
        near = rng.choice(changes, PICTURES) + rng.integers(-_NEAR, _NEAR + 1, PICTURES)
        steps = np.where(rng.random(PICTURES) < 0.5, near, steps)
    return np.clip(steps, 0, len(flows) - 1)


def loss_of(sight: Sight, given: Pictures) -> tuple[Tensor, dict[str, float]]:
    """The loss of pictures; the share of flows missed or made up, and errors of TOLD."""
    told = sight(given.crop, given.whole)
    flows = (given.truth[:, _OUTFLOW] > _FLOWS).float()
    units = torch.tensor(_UNITS, device=told.device)
    away = (told[:, 1:] - given.truth[:, _COLUMNS] / units).abs().mean(0)
    loss = functional.binary_cross_entropy_with_logits(told[:, 0], flows) + away.sum()
    wrong = ((told[:, 0] > 0).float() != flows).float().mean()
    errors = dict(zip(TOLD, (away.detach() * units).tolist(), strict=True))
    return loss, {"loss": float(loss.detach()), "wrong": float(wrong), **errors}
