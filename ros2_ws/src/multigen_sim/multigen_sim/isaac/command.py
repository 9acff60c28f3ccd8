"""`multigen isaac`: checks the backend where there is an Isaac Sim."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from multigen_sim.isaac.settings import Settings


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen isaac`."""
    parser.description = (
        "Check the backend isaac, which has never been executed in Isaac Sim by us, in yours."
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("selfcheck", help="pour once in Isaac Sim and write the evidence")
    check.add_argument(
        "--isaac", metavar="PATH", default="",
        help="folder of Isaac Sim, or the Python that has it (default: ISAAC_SIM_PATH)",
    )  # fmt: skip
    check.add_argument(
        "-o", "--output", type=Path, default=Path("isaac.json"), help="JSON to write"
    )
    check.set_defaults(run=run_selfcheck)


def run_selfcheck(args: argparse.Namespace) -> int:
    """Pour once, print and write what was found; return 1 if a check fails.

    Raises:
        MultigenError: Isaac Sim is not found or cannot; what was found before is written.
    """
    from multigen_sim.isaac.selfcheck import Evidence, examine

    settings = Settings.from_environment()
    evidence = Evidence()
    try:
        for check in examine(replace(settings, path=args.isaac or settings.path), evidence):
            mark = "ok   " if check.passed else "FAILS"
            bound = f"{check.expected:g} ± {check.tolerance:g} {check.unit}".strip()
            print(f"{mark} {check.what}: {check.found:.4g}, expected {bound}", flush=True)
    finally:
        if evidence.about:
            evidence.write(args.output)
            print(args.output)
    return 0 if evidence.passed else 1
