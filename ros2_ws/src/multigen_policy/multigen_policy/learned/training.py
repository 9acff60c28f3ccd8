"""Training loop of the learned policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from multigen_core.errors import MultigenError
from multigen_core.learning.export import export
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training, begin_from
from multigen_core.learning.settings import Settings
from multigen_policy.learned.batches import Batch, Loader, Variation, batch, example
from multigen_policy.learned.canonical import CROP, WHOLE
from multigen_policy.learned.dataset import Episode
from multigen_policy.learned.inputs import BANDS, STATE
from multigen_policy.learned.losses import errors, losses
from multigen_policy.learned.network import CARRIED, Audiovisual, NetworkConfig
from multigen_policy.learned.onsets import ONSETS
from multigen_policy.learned.outputs import FUTURE
from multigen_policy.learned.weights import POLICY

STEPS = 3000
BATCH = 8
KEPT = 0.05
"""Share of the pours kept for validation, every twentieth."""
_VALIDATE_EVERY = 250
_AHEAD = 12
"""Merged spectra, half a second, within which the expected sound lies."""
_FORESEE = 0.25
_NAME = "policy"


@dataclass(frozen=True)
class Run:
    """What a training has besides its settings."""

    variation: Variation = field(default_factory=Variation)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    batch: int = BATCH
    rate: float = 1e-3


def train(episodes: Sequence[Episode], run: Run, settings: Settings, group: Group) -> None:
    """Train on pours, from scratch, from weights, or from where it stopped; write the weights.

    Raises:
        MultigenError: there are too few pours, or the training fails.
    """
    taught, kept = validation_split(episodes)
    steps = sum(map(len, taught))
    group.tell(f"{len(taught)} pours of {steps / len(taught):.0f} steps, {len(kept)} kept")
    network = begun(run, settings).to(group.device)
    training = Training(network, _NAME, settings, group, STEPS, run.rate)
    loader = Loader(taught, run.variation, run.batch, (settings.seed, 31), group)
    for step, _ in training:
        given = batch(loader.at(step), group.device)
        with training.autocast():
            loss, figures = total(network, given)
        if kept and (step + 1) % _VALIDATE_EVERY == 0:
            figures |= validate(network, kept, run, group.device)
        training.learn(loss, figures)
    training.finish()
    if group.first:
        save(network, settings.out)


def begun(run: Run, settings: Settings) -> Audiovisual:
    """A network to train, from scratch or from the weights of `settings.start`.

    Raises:
        MultigenError: these are missing, damaged or of another network.
    """
    torch.manual_seed(settings.seed)
    network = Audiovisual(run.network)
    if settings.start:
        begin_from(network.ear, settings.start, "ear", POLICY)
        begin_from(network.mind, settings.start, "mind", POLICY)
    return network


def validation_split(episodes: Sequence[Episode]) -> tuple[list[Episode], list[Episode]]:
    """The pours to learn from, and the share KEPT of them to validate on.

    Raises:
        MultigenError: there are too few to train on.
    """
    every = round(1 / KEPT)
    kept, taught = list(episodes[every - 1 :: every]), list(episodes)
    del taught[every - 1 :: every]
    if len(taught) < 2:
        raise MultigenError(f"{len(episodes)} pours are too few to train on")
    return taught, kept


def total(network: Audiovisual, given: Batch) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch, and what to tell of it."""
    outputs, foreseen = network(*given.inputs)
    outputs = outputs.float()
    parts = losses(outputs, given.targets)
    parts["foresee"] = _FORESEE * _foresight(foreseen.float(), given)
    loss = torch.stack(list(parts.values())).sum()
    with torch.no_grad():
        told = {name: float(part) for name, part in parts.items()}
        return loss, {"loss": float(loss), **told, **errors(outputs, given.targets)}


def _foresight(foreseen: Tensor, given: Batch) -> Tensor:
    """Error of the sound expected in the next half second, where there is one."""
    _, ends, _, _, state, _ = given.inputs
    bands = functional.adaptive_avg_pool1d(given.future, FUTURE)
    sums = functional.pad(bands.cumsum(1), (0, 0, 1, 0))
    last = sums.shape[1] - 1
    until = (ends + _AHEAD).clamp(max=last)

    def at(index: Tensor) -> Tensor:
        return sums.gather(1, index[..., None].expand(-1, -1, FUTURE))

    mean = (at(until) - at(ends)) / _AHEAD
    there = (ends + _AHEAD <= last) * given.targets.valid
    there = there * state[..., STATE.index("hears")]
    error = (foreseen - (mean + 60.0) / 20.0).abs().mean(-1)
    return (error * there).sum() / there.sum().clamp(min=1.0)


@torch.no_grad()
def validate(
    network: Audiovisual, kept: Sequence[Episode], run: Run, device: torch.device
) -> dict[str, float]:
    """Errors on pours that are not learnt from, undisturbed."""
    network.eval()
    sums: dict[str, float] = {}
    groups = [kept[i : i + run.batch] for i in range(0, len(kept), run.batch)]
    for some in groups:
        given = batch([example(e, run.variation, None) for e in some], device)
        outputs, _ = network(*given.inputs)
        for name, value in errors(outputs.float(), given.targets).items():
            sums[f"kept/{name}"] = sums.get(f"kept/{name}", 0.0) + value * len(some) / len(kept)
    network.train()
    return sums


def save(network: Audiovisual, out: Path) -> None:
    """Write the files of ear and mind."""
    config = network.config
    about = asdict(config)
    export(
        network.ear, out, "ear", POLICY, about,
        {"spectra": torch.zeros(1, 5, BANDS), "state_memory": torch.zeros(1, 1, config.heard)},
        ["heard", "next_memory"],
        {"spectra": [1], "heard": [1]},
    )  # fmt: skip
    export(
        network.mind, out, "mind", POLICY, about,
        {
            "heard": torch.zeros(1, 1, config.heard),
            "crop": torch.zeros(1, 1, *CROP, 3),
            "whole": torch.zeros(1, 1, *WHOLE, 3),
            "state": torch.zeros(1, 1, len(STATE)),
            "onsets": torch.zeros(1, 1, len(ONSETS), 2),
            "state_memory": torch.zeros(1, 1, config.memory),
            "state_sums": torch.zeros(1, CARRIED),
        },
        ["outputs", "next_memory", "next_sums"],
        {},
    )  # fmt: skip
