"""Training in one process, or in several started by torchrun."""

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
"""How long processes wait for the slowest one, which may be simulating or evaluating."""


@dataclass(frozen=True)
class Group:
    """The processes that train together; this one has rank `rank` of `size` and uses `device`."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    def tell(self, line: str) -> None:
        """Print a line, in the first process only."""
        if self.first:
            print(line, flush=True)

    def mine(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's share of `items`; every item belongs to exactly one process."""
        return items[self.rank :: self.size]

    def share(self, count: int) -> int:
        """How many of `count` examples each process draws: the same number in all, rounded up."""
        return -(-count // self.size)

    def wait(self) -> None:
        """Block until every process has reached this point."""
        if self.size > 1:
            distributed.barrier()

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a tensor over all processes; its shape must be the same in each."""
        if self.size == 1:
            return value
        total = value.clone()
        distributed.all_reduce(total)
        return total / self.size

    def average_gradients(self, module: nn.Module) -> None:
        """Replace the gradients in every process with their mean.

        If only some processes used a parameter, its gradient counts as 0 in the others; if none
        did, it keeps no gradient, as in a single process.
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
    """The group described by torchrun's environment variables, or this process alone.

    On exit it waits for all processes, so that none closes the group while another still uses it;
    after an error it does not wait, because torchrun stops the others.

    Args:
        device: cpu, cuda or cuda:N; with cuda and several processes, each uses its own GPU.

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
