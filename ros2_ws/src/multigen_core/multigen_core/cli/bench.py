"""`multigen bench NAME`: runs a package's benchmark, prints the results and writes them as JSON."""

from __future__ import annotations

import argparse
from importlib.metadata import entry_points
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from multigen_core.files import write_json

GROUP = "multigen.benches"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen bench`."""
    parser.description = "Measure the speed of a package on this machine."
    benches = {entry.name: entry for entry in entry_points(group=GROUP)}
    parser.add_argument("name", choices=sorted(benches), help="package to measure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Run one benchmark: a function of the arguments that returns figures by name."""
    (bench,) = entry_points(group=GROUP, name=args.name)
    figures = bench.load()(args)
    table = Table("figure", "value", title=f"multigen bench {args.name}")
    for key, value in figures.items():
        table.add_row(
            escape(key), f"{value:.4g}" if isinstance(value, float) else escape(str(value))
        )
    Console().print(table)
    if args.json:
        write_json(args.json, figures)
