"""How to train, the same for every network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How to train any network.

    `out` is where to write, `data` the folder of recordings, `steps` how many instead of the
    network's own, `device` torch's, `seed` that of every random number, `workers` how many
    processes simulate pours, `start` the folder of weights to begin from, and `tell` takes a line
    at a time of what is going on.
    """

    out: Path
    data: Path = Path()
    steps: int | None = None
    device: str = "cpu"
    seed: int = 0
    workers: int = 1
    start: Path | None = None
    tell: Callable[[str], None] = print
