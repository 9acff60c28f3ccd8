"""What every training loop shares: where it keeps its state, when it stops and what it tells."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic
from multigen_core.learning.settings import Settings
from multigen_core.learning.weights import read_weights

_KEEP_EVERY = 250
_VALIDATIONS = 4


def begin_from(module: nn.Module, folder: Path, name: str) -> None:
    """Give a module the weights in a folder.

    Raises:
        MultigenError: they are missing, damaged or another network's.
    """
    weights, _ = read_weights(folder / f"{name}.safetensors", name)
    try:
        module.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise MultigenError(f"{folder}: no weights to begin from: {reason}") from error


@torch.no_grad()
def validated(loss: Callable[[Generator], Tensor]) -> float:
    """The mean of a loss, with the same random numbers every time and none taken from training."""
    rng = np.random.default_rng(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return float(torch.stack([loss(rng).mean() for _ in range(_VALIDATIONS)]).mean())


class Training:
    """AdamW with a cosine schedule and averaged weights; goes on where it was stopped.

    `average` is the moving average of the module's weights: what is shipped.
    """

    def __init__(
        self,
        module: nn.Module,
        name: str,
        settings: Settings,
        steps: int,
        rate: float = 1e-3,
        decay: float = 0.999,
    ) -> None:
        """Begin, or continue from OUT/NAME.state.pt.

        Args:
            module: to train.
            name: of its files.
            settings: as given.
            steps: the network's own number.
            rate: of learning, the highest.
            decay: of the average, per step.

        Raises:
            MultigenError: the state there cannot be continued.
        """
        out, steps = settings.out, settings.steps or steps
        self._module, self._name, self._steps, self._decay = module, name, steps, decay
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
        self._average = {key: value.clone() for key, value in module.state_dict().items()}
        self.step = 0
        if self._path.exists():
            self._resume()
        self._board = SummaryWriter(str(out / "tensorboard" / name))
        self._begin, self._first = time.monotonic(), self.step

    def _resume(self) -> None:
        try:
            state = torch.load(self._path, weights_only=True, map_location="cpu")
            self._module.load_state_dict(state["module"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._schedule.load_state_dict(state["schedule"])
            for key, value in state["average"].items():
                self._average[key].copy_(value)
            self.step = int(state["step"])
        except (OSError, RuntimeError, KeyError, ValueError, EOFError, UnpicklingError) as error:
            raise MultigenError(
                f"{self._path}: cannot be continued ({str(error).splitlines()[0]}); "
                "delete it or train to another folder"
            ) from error

    def __iter__(self) -> Iterator[int]:
        """Numbers of the steps that remain."""
        while self.step < self._steps:
            yield self.step

    def learn(self, loss: Tensor, figures: dict[str, float]) -> None:
        """One step down the gradient of `loss`; figures go to tensorboard and, rarely, the screen.

        Raises:
            MultigenError: the loss is not a number any more.
        """
        if not torch.isfinite(loss):
            raise MultigenError(f"{self._name}: the loss is {float(loss)} at step {self.step}")
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._module.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        keep = min(self._decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for key, value in self._module.state_dict().items():
                kept = self._average[key]
                kept.lerp_(value, 1 - keep) if kept.is_floating_point() else kept.copy_(value)
        self.step += 1
        if self.step % 50 == 0 or self.step == self._steps:
            for key, value in {**figures, "gradient": float(norm)}.items():
                self._board.add_scalar(key, value, self.step)
            self._tell(figures)
        if self.step % _KEEP_EVERY == 0 or self.step == self._steps:
            self.save()

    def _tell(self, figures: dict[str, float]) -> None:
        spent = time.monotonic() - self._begin
        left = spent / (self.step - self._first) * (self._steps - self.step)
        text = "  ".join(f"{key} {value:.4f}" for key, value in figures.items())
        print(
            f"{self._name} {self.step}/{self._steps}  {text}  {left / 60:.1f} min left", flush=True
        )

    def save(self) -> None:
        """Keep everything that continuing takes."""
        state: dict[str, Any] = {
            "module": self._module.state_dict(),
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "step": self.step,
        }
        file = io.BytesIO()
        torch.save(state, file)
        write_atomic(self._path, file.getvalue())

    def finish(self) -> None:
        """Give the module its averaged weights."""
        self._module.load_state_dict(self._average)
        self._board.close()
