"""`multigen evaluate`: many seeded closed-loop pours, in parallel and resumable."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from multigen_core.files import write_json
from multigen_core.policy import DEFAULT, policy_names
from multigen_core.station import Told
from multigen_core.workers import run_tasks
from multigen_policy.evaluation.metrics import NOT_COMPARABLE, aggregate
from multigen_policy.evaluation.results import aggregate_lines, metrics_of, print_results, summary
from multigen_policy.rollouts.closed_loop import EXPERT, Job, run_job
from multigen_policy.rollouts.job_arguments import add_job_arguments, check_job_arguments
from multigen_policy.rollouts.journal import append_journal, read_journal


def register_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen evaluate`."""
    parser.description = (
        "Pour in closed loop without ROS, seed by seed, and print the metrics. With --json, "
        "finished episodes are kept next to FILE and are not run again."
    )
    parser.add_argument("--episodes", type=int, default=20, metavar="N", help="seeds per scene")
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
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    parser.set_defaults(run=run_evaluate)


def run_evaluate(args: argparse.Namespace) -> int:
    """Run the missing episodes; name those that fail and return 1 if there are any."""
    check_job_arguments(args, args.processes)
    low, high = args.target_ml
    jobs = [
        Job(
            scene, seed, policy, args.synthesizer, args.told, low, high,
            args.synthesizer_checkpoint, args.policy_checkpoint, args.device, args.backend,
            args.arm_file,
        )
        for policy in args.policy
        for scene in args.scene
        for seed in range(args.first_seed, args.first_seed + args.episodes)
    ]  # fmt: skip
    journal = args.json.with_suffix(".jsonl") if args.json else None
    done = read_journal(journal) if journal else {}
    failed = []
    console = Console()
    todo = [job for job in jobs if job.key not in done]
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("pouring", total=len(jobs), completed=len(jobs) - len(todo))
        for job, outcome in run_tasks(run_job, todo, args.processes):
            progress.advance(task)
            if isinstance(outcome, Exception):
                message = str(outcome) or type(outcome).__name__
                failed.append({"bag": f"{job.scene}-{job.seed} {job.policy}", "error": message})
                continue
            done[job.key] = outcome
            if journal:
                append_journal(journal, outcome)
    results = [done[job.key] for job in jobs if job.key in done]
    _print(results, args.policy, console)
    for failure in failed:
        console.print(f"failed: {failure['bag']}: {failure['error']}", style="red")
    if args.json:
        write_json(args.json, summary(results, failed))
    return 1 if failed else 0


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
