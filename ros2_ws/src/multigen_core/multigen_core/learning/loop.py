"""The training loop shared by all networks: steps, checkpoints and logging."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from multigen_core.errors import MultigenError
from multigen_core.learning.checkpoint import Stateful, load_checkpoint, save_checkpoint
from multigen_core.learning.group import Group
from multigen_core.learning.settings import Settings
from multigen_core.learning.weights import Kind, read_weights

_KEEP_EVERY = 250
_TELL_EVERY = 50
_VALIDATIONS = 4
_APART = 1_000_003
"""Difference between the torch seeds of two processes."""

Autocast = Callable[[], AbstractContextManager[object]]
"""Returns the context of `Training.autocast`."""


def begin_from(module: nn.Module, folder: Path, name: str, kind: Kind) -> None:
    """Load a module's weights from a folder.

    Raises:
        MultigenError: they are missing, damaged or of another network.
    """
    weights, _ = read_weights(folder / f"{name}.safetensors", kind)
    try:
        module.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise MultigenError(f"{folder}: no weights to begin from: {reason}") from error


@torch.no_grad()
def validated(loss: Callable[[Generator], Tensor]) -> float:
    """The mean of a loss, with a fixed seed and without advancing training's random numbers."""
    rng = np.random.default_rng(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return float(torch.stack([loss(rng).mean() for _ in range(_VALIDATIONS)]).mean())


class Training:
    """AdamW with a cosine schedule and averaged weights; resumes from its checkpoint.

    The result is the moving average of the module's weights. All processes of a group hold the same
    weights: gradients are averaged, and the first process writes files and prints. Normalisation
    layers use each process's own batch; the first process's running statistics are kept.
    """

    def __init__(
        self,
        module: nn.Module,
        name: str,
        settings: Settings,
        group: Group,
        steps: int,
        rate: float = 1e-3,
        decay: float = 0.999,
    ) -> None:
        """Start, or resume from OUT/NAME.state.pt.

        Args:
            module: to train, on the group's device.
            name: name of its files.
            settings: command-line options.
            group: processes that train.
            steps: number of steps, unless `settings` gives one.
            rate: highest learning rate.
            decay: of the weight average, per step.

        Raises:
            MultigenError: the checkpoint cannot be resumed from.
        """
        out, steps = settings.out, settings.steps or steps
        self._module, self._name, self._steps, self._decay = module, name, steps, decay
        self._settings, self._group = settings, group
        self._path = out / f"{name}.state.pt"
        out.mkdir(parents=True, exist_ok=True)
        self._optimiser = torch.optim.AdamW(
            module.parameters(), rate, (0.9, 0.98), weight_decay=0.01
        )
        warm = min(300, steps // 10 + 1)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda step: min((step + 1) / warm, 0.51 + 0.49 * math.cos(math.pi * step / steps)),
        )
        self._average = deepcopy(module)
        self._parts: dict[str, Stateful] = {
            "module": module,
            "average": self._average,
            "optimiser": self._optimiser,
            "schedule": self._schedule,
        }
        self.step = 0
        self._kept: int | None = None
        if self._path.exists():
            self.step = self._kept = load_checkpoint(self._path, name, self._parts)
        self._agree()
        self._board = SummaryWriter(str(out / "tensorboard" / name)) if group.first else None
        self._begin, self._first = time.monotonic(), self.step

    def __iter__(self) -> Iterator[tuple[int, Generator]]:
        """The remaining steps: the number of each, and a generator seeded by step and process.

        torch is seeded in the same way.
        """
        seed, rank = self._settings.seed, self._group.rank
        while self.step < self._steps:
            torch.manual_seed(seed + self.step + _APART * rank)
            yield self.step, np.random.default_rng([seed, self.step, rank])

    def autocast(self) -> torch.autocast:
        """A context in which the network computes in bfloat16, if the settings ask for it."""
        return torch.autocast(self._group.device.type, torch.bfloat16, enabled=self._settings.bf16)

    def learn(self, loss: Tensor, figures: dict[str, float]) -> None:
        """Take one optimiser step; `figures` go to TensorBoard and, less often, to the screen.

        Raises:
            MultigenError: the loss or its gradient is not finite; the weights are unchanged.
        """
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._group.average_gradients(self._module)
        mean = self._group.mean(loss.detach())
        norm = nn.utils.clip_grad_norm_(self._module.parameters(), 1.0)
        if not torch.isfinite(mean) or not torch.isfinite(norm):
            raise MultigenError(self._diverged(float(mean), float(norm)))
        self._optimiser.step()
        self._schedule.step()
        self._follow()
        self.step += 1
        last = self.step == self._steps
        if self.step % _TELL_EVERY == 0 or last:
            self._tell({**figures, "gradient": float(norm)})
        if self.step % _KEEP_EVERY == 0 or last:
            self.save()

    def save(self) -> None:
        """Write a checkpoint."""
        if self._group.first:
            save_checkpoint(self._path, self._name, self.step, self._parts)
        self._kept = self.step

    def finish(self) -> None:
        """Load the averaged weights into the module."""
        self._module.load_state_dict(self._average.state_dict())
        if self._board:
            self._board.close()

    def _agree(self) -> None:
        """Check that all processes resume from the same step."""
        steps = torch.tensor(float(self.step), device=self._group.device)
        if float(self._group.mean(steps)) != self.step:
            raise MultigenError(
                f"{self._path}: not the same for every process; --out must be a folder they share"
            )

    def _diverged(self, loss: float, norm: float) -> str:
        name, value = ("gradient", norm) if math.isfinite(loss) else ("loss", loss)
        kept = "no state is kept yet"
        if self._kept is not None:
            kept = f"{self._path} keeps the state at step {self._kept}"
        return (
            f"{self._name}: the {name} is {value} at step {self.step}; {kept}; "
            "try --no-bf16 or another --seed"
        )

    @torch.no_grad()
    def _follow(self) -> None:
        """Update the average of the weights."""
        keep = min(self._decay, (1 + self.step) / (10 + self.step))
        state = self._module.state_dict()
        for key, kept in self._average.state_dict().items():
            kept.lerp_(state[key], 1 - keep) if kept.is_floating_point() else kept.copy_(state[key])

    def _tell(self, figures: dict[str, float]) -> None:
        if not self._board:
            return
        for key, value in figures.items():
            self._board.add_scalar(key, value, self.step)
        spent = time.monotonic() - self._begin
        left = spent / (self.step - self._first) * (self._steps - self.step)
        text = "  ".join(f"{key} {value:.4f}" for key, value in figures.items())
        self._group.tell(
            f"{self._name} {self.step}/{self._steps}  {text}  {left / 60:.1f} min left"
        )
