"""A small training, for tests and as a program: python learner.py OUT STOP, also under torchrun."""

import sys
from pathlib import Path

import torch
from torch import nn

from multigen_core.learning.group import Group, training_group
from multigen_core.learning.loop import Training
from multigen_core.learning.settings import Settings

STEPS = 12
_BATCH = 8


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))


def learn(out: Path, group: Group, stop: int = STEPS, sick: bool = False) -> Training:
    """Train until step `stop`; every process takes its part of one batch for each step."""
    module = network()
    training = Training(module, "line", Settings(out), group, STEPS, rate=1e-2)
    for step, rng in training:
        if step == 0:
            (out / f"first_{group.rank}").write_text(f"{rng.random()} {float(torch.rand(()))}")
        if step == stop:
            training.save()
            break
        examples = torch.randn(_BATCH, 7, generator=torch.Generator().manual_seed(step))
        mine = torch.stack(list(group.mine(list(examples))))
        loss = ((module(mine[:, :5]) - mine[:, 5:]) ** 2).mean()
        training.learn(loss * (torch.nan if sick and group.first else 1.0), {})
    return training


def main(out: Path, stop: int, sick: bool) -> None:
    with training_group("cpu") as group:
        learn(out, group, stop, sick)
    (out / f"ended_{group.rank}").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), "sick" in sys.argv)
