"""`multigen evaluate`: many seeded closed-loop pours, in parallel and resumable."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from multigen_core.errors import MultigenError
from multigen_core.files import write_json
from multigen_core.policy import DEFAULT, policy_names
from multigen_core.station import Told
from multigen_policy.evaluation.metrics import NOT_COMPARABLE, aggregate
from multigen_policy.evaluation.results import aggregate_lines, metrics_of, print_results, summary
from multigen_policy.rollouts.closed_loop import EXPERT, Job
from multigen_policy.rollouts.condition_runs import run_conditions
from multigen_policy.rollouts.conditions import ALL, CONDITIONS, QUICK
from multigen_policy.rollouts.job_arguments import add_job_arguments, check_job_arguments
from multigen_policy.rollouts.journal import fingerprint, journal_of
from multigen_policy.rollouts.running import (
    add_where_arguments,
    print_failures,
    run_jobs,
    where,
)


def register_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen evaluate`."""
    parser.description = (
        "Pour in closed loop without ROS, seed by seed, and print the metrics. With --json, "
        "finished episodes are kept next to FILE and are not run again. With --conditions, one "
        "policy pours under each of them, with its own scenes, and the table has a line for each."
    )
    parser.add_argument(
        "--episodes", type=int, default=20, metavar="N", help="seeds per scene or condition"
    )
    add_job_arguments(parser)
    names = (*policy_names(), EXPERT)
    parser.add_argument(
        "--policy", nargs="+", default=[DEFAULT], choices=names, metavar="POLICY",
        help=f"any of {', '.join(names)} (default: {DEFAULT})",
    )  # fmt: skip
    parser.add_argument(
        "--told", default=Told.TARGET, type=Told, choices=tuple(Told), metavar="LEVEL",
        help=f"what the policy is told: {', '.join(Told)} (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--conditions", nargs="*", metavar="NAME",
        help=f"{ALL} (the default if no name follows), {QUICK} for a few, or any of "
        + ", ".join(CONDITIONS),
    )  # fmt: skip
    parser.add_argument(
        "--noise", default="", metavar="DIR",
        help="sound files for the conditions with noise (default: pink noise)",
    )  # fmt: skip
    add_where_arguments(parser, "--processes", os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    parser.add_argument(
        "--html", type=Path, metavar="FILE",
        help="with --conditions: also write a page with the best, the median and the worst pour "
        "of each as video with sound; needs PyAV (pip install av)",
    )  # fmt: skip
    parser.set_defaults(run=run_evaluate, scenes=parser.get_default("scene"))


def run_evaluate(args: argparse.Namespace) -> int:
    """Run the missing episodes; name those that fail and return 1 if there are any."""
    check_job_arguments(args, args.processes)
    low, high = args.target_ml
    job = Job(
        "", 0, "", args.synthesizer, args.told, low, high, args.synthesizer_checkpoint,
        args.policy_checkpoint, args.device, args.backend, args.arm_file, noise=args.noise,
        weights=fingerprint(args.policy_checkpoint, args.synthesizer_checkpoint),
    )  # fmt: skip
    console = Console()
    if args.conditions is not None:
        _check_conditions(args)
        return run_conditions(args, replace(job, policy=args.policy[0]), console)
    if args.html or args.noise:
        raise MultigenError("--html and --noise belong to --conditions")
    jobs = [
        replace(job, scene=scene, seed=seed, policy=policy)
        for policy in args.policy
        for scene in args.scene
        for seed in range(args.first_seed, args.first_seed + args.episodes)
    ]
    results, failed = run_jobs(jobs, journal_of(args.json), where(args), console)
    _print(results, args.policy, console)
    print_failures(failed, console)
    if args.json:
        write_json(args.json, summary(results, failed))
    return 1 if failed else 0


def _check_conditions(args: argparse.Namespace) -> None:
    if args.scene != args.scenes or args.told is not Told.TARGET:
        raise MultigenError(
            "--conditions have scenes and told of their own: leave out --scene and --told"
        )
    if len(args.policy) > 1:
        raise MultigenError("--conditions take one --policy; evaluate the others one by one")


def _print(results: Sequence[dict[str, Any]], policies: Sequence[str], console: Console) -> None:
    if len(policies) == 1:
        if results:
            print_results(results, console)
        return
    for policy in policies:
        own = [metrics_of(result) for result in results if result["policy"] == policy]
        console.print(f"[bold]{policy}[/]")
        for label, text in aggregate_lines(aggregate(own)):
            console.print(f"  {label:<24}{text}")
    console.print(NOT_COMPARABLE, style="yellow")
