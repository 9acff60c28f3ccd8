"""`multigen dataset`: simulated pours as arrays to train the learned policy on."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from multigen_core.errors import MultigenError
from multigen_core.manifest import unfinished
from multigen_core.station import Told
from multigen_core.synthesizer import synthesizer_names
from multigen_policy.learned.bag_pours import bag_pours
from multigen_policy.learned.dataset import read_episode, write_episode
from multigen_policy.learned.demonstrations import Demonstration, demonstrate
from multigen_policy.rollouts.running import (
    add_where_arguments,
    print_failures,
    run_shards,
    where,
)

PERIOD = 0.1
"""Seconds between recorded steps."""


def register_dataset(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen dataset`."""
    parser.description = (
        "Simulate pours and record what the learned policy would see, hear and should learn. "
        "Pours that exist are kept, so an interrupted run resumes where it stopped."
    )
    parser.add_argument("--episodes", type=int, default=0, metavar="N", help="pours to simulate")
    parser.add_argument(
        "--bags", nargs="+", type=Path, default=[], metavar="BAG",
        help="simulated pours that are recorded already, with their sound",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--first-seed", type=int, default=0, metavar="SEED")
    parser.add_argument(
        "--sounds", nargs="+", default=["flow", "physical"], choices=synthesizer_names(),
        metavar="NAME", help="synthesizers; a learner hears the first (default: flow physical)",
    )  # fmt: skip
    parser.add_argument(
        "--learner", default="", metavar="DIR",
        help="weights of the policy that pours, for DAgger (default: the disturbed expert)",
    )  # fmt: skip
    parser.add_argument("--told", default=Told.STATION, type=Told, choices=tuple(Told))
    add_where_arguments(parser, "--workers", os.cpu_count() or 1)
    parser.set_defaults(run=run_dataset)


def run_dataset(args: argparse.Namespace) -> int:
    """Record the missing pours; name those that fail and return 1 if there are any."""
    if args.processes < 1 or args.episodes < 0 or (args.episodes > 0) == bool(args.bags):
        raise MultigenError("give --episodes N or --bags BAG …, and at least 1 of --workers")
    out = args.out.expanduser().absolute()
    if args.bags:
        return _from_bags(args.bags, out)
    learner = str(Path(args.learner).expanduser().absolute()) if args.learner else ""
    seeds = range(args.first_seed, args.first_seed + args.episodes)
    tasks = [Demonstration(seed, learner, tuple(args.sounds), args.told) for seed in seeds]
    todo = unfinished(out, tasks)
    for task in set(tasks) - set(todo):
        read_episode(out / task.path)
    console, began = Console(), time.monotonic()
    rows, failed = run_shards(record, out, tasks, where(args), console)
    took = time.monotonic() - began
    print_failures(failed, console)
    console.print(
        f"{len(rows)} pours recorded in {out}, {len(tasks) - len(todo)} already existed; "
        f"{sum(row.figures['recorded'] for row in rows):.0f} s of pouring in {took:.0f} s"
    )
    return 1 if failed else 0


def _from_bags(bags: list[Path], out: Path) -> int:
    console, failed = Console(), 0
    for bag in bags:
        try:
            for number, arrays in enumerate(bag_pours(bag)):
                folder = out / f"{bag.name}-{number:02d}"
                if not folder.exists():
                    write_episode(folder, arrays, {"bag": str(bag)})
        except MultigenError as error:
            failed += 1
            console.print(f"failed: {error}", style="red")
    console.print(f"{len(bags) - failed} bags read into {out}")
    return 1 if failed else 0


def record(folder: Path, task: Demonstration) -> dict[str, float]:
    """Record one pour; return the time `recorded` [s].

    Raises:
        MultigenError: it cannot be simulated or written.
    """
    arrays = demonstrate(task)
    write_episode(folder, arrays, asdict(task))
    return {"recorded": len(arrays["state"]) * PERIOD}
