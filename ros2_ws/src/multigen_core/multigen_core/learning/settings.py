"""How to train, the same for every network and on every command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from multigen_core.errors import MultigenError


@dataclass(frozen=True)
class Settings:
    """How to train any network.

    `out` is where to write, `data` the folder to learn from, `steps` how many instead of the
    network's own, `device` torch's, `seed` that of every random number, `workers` how many
    processes prepare data, `start` the folder of weights to begin from, and `bf16` whether to
    compute in bfloat16 where the network allows it.
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
        """From the command line of `add_arguments`.

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
    """Add what every training takes to a command line."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument(
        "--start", type=Path, metavar="DIR", help="weights to begin from, for tuning"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="instead of the network's own")
    parser.add_argument(
        "--device", default="cpu", help="cpu, cuda or cuda:N; under torchrun cpu or cuda [cpu]"
    )
    parser.add_argument(
        "--bf16", action=argparse.BooleanOptionalAction, default=True,
        help="compute in bfloat16 where the network allows it [yes]",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of every random number [0]")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes that prepare data [1]"
    )
