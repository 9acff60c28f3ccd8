"""`multigen trial`: measured pours on a real robot."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from multigen_core.errors import MultigenError
from multigen_policy.evaluation.metrics import WATER
from multigen_policy.trial.plan import make_plan


def register_trial(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen trial`."""
    parser.description = (
        "Pour N times on a running graph with a scale, asking the operator to place vessels and to "
        "refill. Keeps a bag of each pour, and results as multigen evaluate-bag does. The same "
        "command resumes an interrupted trial."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for everything")
    parser.add_argument("--pours", type=int, default=10, metavar="N")
    parser.add_argument(
        "--vessels", nargs="+", required=True, metavar="NAME", help="target vessels, by any name"
    )
    parser.add_argument("--target-ml", nargs="+", type=float, default=[150.0], metavar="ML")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the pours")
    parser.add_argument("--timeout", type=float, default=0.0, help="of a pour [s]")
    parser.add_argument("--density", type=float, default=WATER, metavar="KG_PER_M3")
    parser.add_argument("--scene", default="", help="as launched, noted in the bags")
    parser.add_argument("--policy", default="", help="as launched, noted in the bags")
    parser.add_argument("--namespace", default="", help="namespace of the graph")
    parser.set_defaults(run=run_trial)


def run_trial(args: argparse.Namespace) -> int:
    """Run what is left of the trial; return 0 once all of it is done."""
    from multigen_core.ros import client

    plan = make_plan(args.vessels, args.target_ml, args.pours, args.seed)
    client.poured_mass(args.namespace)
    from multigen_policy.evaluation.results import print_results
    from multigen_policy.trial.trial import Trial, TrialConfig

    config = TrialConfig(
        args.out, args.density, args.timeout, args.namespace, args.scene, args.policy
    )
    console = Console()

    def ask(text: str) -> str:
        try:
            return input(text)
        except EOFError:
            return "q"

    trial = Trial(config, plan, ask, lambda line: print(line, flush=True))
    if trial.left:
        client.activate("policy", args.namespace)
    results = trial.run()
    if not results:
        raise MultigenError("no pour was measured")
    print_results(results, console)
    print(config.results.with_suffix(".html"))
    return 1 if trial.left else 0
