"""`multigen evaluate-bag` and `multigen report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.evaluate import evaluate
from multigen_policy.evaluation.metrics import WATER
from multigen_policy.evaluation.results import print_results, summary


def register_evaluate_bag(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen evaluate-bag`."""
    parser.description = "Evaluate recorded pours, simulated or real."
    parser.add_argument("bag", nargs="+", type=Path, help="bag directory or .mcap file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    _add_density(parser)
    parser.set_defaults(run=run_evaluate_bag)


def register_report(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen report`."""
    parser.description = (
        "Write a self-contained HTML report on recorded pours or evaluation results."
    )
    parser.add_argument(
        "source", nargs="+", type=Path, help="bag directory, .mcap file or JSON results"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), metavar="FILE")
    _add_density(parser)
    parser.set_defaults(run=run_report)


def _add_density(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--density",
        type=float,
        default=WATER,
        metavar="KG_PER_M3",
        help="density of the liquid, if a scale measured its mass (default %(default)s)",
    )


def run_evaluate_bag(args: argparse.Namespace) -> int:
    """Evaluate each bag; name those that fail and return 1 if there are any."""
    results: list[dict[str, Any]] = []
    failed = []
    for path in args.bag:
        try:
            results += evaluate(load_episode(path), args.density)
        except MultigenError as error:
            print(f"multigen evaluate-bag: error: {error}", file=sys.stderr)
            failed.append({"bag": str(path), "error": str(error)})
    if results:
        print_results(results, Console())
        if args.json:
            write_json(args.json, summary(results, failed))
    return 1 if failed else 0


def run_report(args: argparse.Namespace) -> None:
    """Write the report."""
    from multigen_policy.evaluation.report import write_report

    write_report(args.source, args.output, args.density)
    print(args.output)
