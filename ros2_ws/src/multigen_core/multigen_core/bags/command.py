"""`multigen repair-bag`."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from multigen_core.bags.repair import repair


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen repair-bag`."""
    parser.description = (
        "Make whole bags of recordings that were cut off, by kill -9 or a power failure, or are "
        "damaged. Every whole message is kept; a bag that is whole is left alone. A file that "
        "stands alone becomes a bag directory beside it."
    )
    parser.add_argument("bag", nargs="+", type=Path, help="bag directory or .mcap file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Repair each bag in turn."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for path in args.bag:
        with Progress(console=console, transient=True) as bar:
            bar.add_task(f"repairing {path.name}")
            result = repair(path, partial(_show, bar))
        if result.was_whole:
            console.print(f"{path}: is whole, nothing to do ({result.messages} messages)")
            continue
        console.print(
            f"{result.path}: recovered {result.messages} messages, {result.lost_bytes} bytes lost"
        )
        for topic in result.left_out:
            console.print(f"{result.path}: left out {topic}")
        if result.kept:
            console.print(f"{result.path}: what was left out is kept in {', '.join(result.kept)}")
        for name in result.missing:
            console.print(f"{result.path}: {name} is missing, with the messages it held")


def _show(bar: Progress, done: int, total: int) -> None:
    bar.update(bar.task_ids[0], completed=done, total=total)
