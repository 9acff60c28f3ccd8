"""One training in one process, or in several that torchrun starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from multigen_core.errors import MultigenError
from multigen_core.learning.device import usable_device

Item = TypeVar("Item")

_PATIENCE = timedelta(hours=12)
"""How long processes wait for the one that simulates or measures longest."""


@dataclass(frozen=True)
class Group:
    """The processes that train together: this one is number `rank` of `size`, on `device`."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and tells."""
        return self.rank == 0

    def tell(self, line: str) -> None:
        """Print a line, once for all of them."""
        if self.first:
            print(line, flush=True)

    def mine(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's part of what the group shares out; each item is somebody's."""
        return items[self.rank :: self.size]

    def share(self, count: int) -> int:
        """How many of `count` examples each process draws: as many as the others, none too few."""
        return -(-count // self.size)

    def wait(self) -> None:
        """Return once every process has come here."""
        if self.size > 1:
            distributed.barrier()

    def mean(self, value: Tensor) -> Tensor:
        """The mean over the processes of a tensor of one shape, the same in all of them."""
        if self.size == 1:
            return value
        total = value.clone()
        distributed.all_reduce(total)
        return total / self.size

    def average_gradients(self, module: nn.Module) -> None:
        """Give every process the mean of all gradients.

        A parameter that only some processes used counts as 0 in the others; what none used is left
        without a gradient, as in one process.
        """
        if self.size == 1:
            return
        parameters = [p for p in module.parameters() if p.requires_grad]
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        used = torch.tensor([float(p.grad is not None) for p in parameters], device=self.device)
        mean = self.mean(torch.cat([used, *(grad.flatten() for grad in grads)]))
        sizes = [len(parameters), *(grad.numel() for grad in grads)]
        used, *parts = torch.split(mean, sizes)
        for parameter, part, share in zip(parameters, parts, used.tolist(), strict=True):
            parameter.grad = part.view_as(parameter) if share else None


@contextmanager
def training_group(device: str) -> Iterator[Group]:
    """The group of torchrun's environment, or of this process alone.

    Its end waits for every process, so that none tears down what another still uses; an error does
    not wait, for torchrun then ends the others.

    Args:
        device: cpu, cuda or cuda:N; of several processes with cuda, each takes a GPU of its own.

    Raises:
        MultigenError: the device cannot be used.
    """
    rank, size, local = (
        int(os.environ.get(name, default))
        for name, default in (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
    )
    if size == 1:
        yield Group(0, 1, usable_device(device))
        return
    if device.startswith("cuda:"):
        raise MultigenError(f"device {device!r} is one GPU for {size} processes; say cuda or cpu")
    own = usable_device(f"cuda:{local}" if device == "cuda" else device)
    if own.type == "cuda":
        torch.cuda.set_device(own)
    distributed.init_process_group("nccl" if own.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield (group := Group(rank, size, own))
        group.wait()
    finally:
        distributed.destroy_process_group()
