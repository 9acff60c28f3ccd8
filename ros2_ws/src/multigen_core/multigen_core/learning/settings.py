"""Training options shared by all networks and their commands."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from multigen_core.errors import MultigenError


@dataclass(frozen=True)
class Settings:
    """Training options.

    Attributes:
        out: output folder.
        data: folder with training data.
        steps: number of steps; None: the network's default.
        device: torch device.
        seed: seed of all random numbers.
        workers: number of processes that prepare data.
        start: folder with weights to start from.
        bf16: compute in bfloat16 where the network supports it.
    """

    out: Path
    data: Path = Path()
    steps: int | None = None
    device: str = "cpu"
    seed: int = 0
    workers: int = 1
    start: Path | None = None
    bf16: bool = True

    @classmethod
    def of(cls, args: argparse.Namespace, data: Path = Path()) -> Self:
        """Settings from the arguments of `add_arguments`.

        Raises:
            MultigenError: torch is missing, or an argument is out of range.
        """
        if find_spec("torch") is None:
            raise MultigenError("training needs torch; install it with `scripts/setup.sh --train`")
        for name in ("steps", "workers"):
            value = getattr(args, name)
            if value is not None and value < 1:
                raise MultigenError(f"--{name} must be at least 1, got {value}")
        return cls(
            args.out, data, args.steps, args.device, args.seed, args.workers, args.start, args.bf16
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shared training options to a command."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument(
        "--start", type=Path, metavar="DIR", help="folder with weights to fine-tune"
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="number of steps [the network's default]"
    )
    parser.add_argument(
        "--device", default="cpu", help="cpu, cuda or cuda:N; under torchrun cpu or cuda [cpu]"
    )
    parser.add_argument(
        "--bf16", action=argparse.BooleanOptionalAction, default=True,
        help="compute in bfloat16 where the network supports it [yes]",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="seed of all random numbers [0]")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes that prepare data [1]"
    )
