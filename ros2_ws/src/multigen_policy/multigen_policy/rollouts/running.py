"""Runs jobs in parallel, with progress, and keeps what is finished."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from multigen_core.manifest import AShard, Row, unfinished, write_shard
from multigen_core.workers import Where, run_tasks
from multigen_policy.rollouts.closed_loop import Job, run_job
from multigen_policy.rollouts.journal import append_journal, read_journal

Task = TypeVar("Task")
Result = TypeVar("Result")
Failures = list[dict[str, str]]


def add_where_arguments(parser: argparse.ArgumentParser, processes: str, count: int) -> None:
    """Add where to run: `processes`, such as --workers, on this machine or a cluster."""
    parser.add_argument(processes, type=int, default=count, metavar="N", dest="processes")
    parser.add_argument(
        "--ray", default="", metavar="ADDRESS",
        help="run on the Ray cluster at ADDRESS (auto: the one that this machine belongs to)",
    )  # fmt: skip


def where(args: argparse.Namespace) -> Where:
    """Where to run, by the command line."""
    return str(args.ray) or int(args.processes)


def finished(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    where: Where,
    console: Console,
    *,
    name: Callable[[Task], str],
    failed: Failures,
    done: int = 0,
) -> Iterator[tuple[Task, Result]]:
    """Results as tasks finish, with a bar that counts the `done` too; `failed` gets the errors."""
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("pouring", total=len(tasks) + done, completed=done)
        for task, outcome in run_tasks(function, tasks, where):
            progress.advance(bar)
            if isinstance(outcome, Exception):
                message = str(outcome) or type(outcome).__name__
                failed.append({"bag": name(task), "error": message})
            else:
                yield task, outcome


def run_jobs(
    jobs: Sequence[Job], journal: Path | None, where: Where, console: Console
) -> tuple[list[dict[str, Any]], Failures]:
    """Results of the jobs, run now or found in the journal, and what failed."""
    done = read_journal(journal) if journal else {}
    failed: Failures = []
    todo = [job for job in jobs if job.key not in done]
    for job, result in finished(
        run_job, todo, where, console, name=_name, failed=failed, done=len(jobs) - len(todo)
    ):
        done[job.key] = result
        if journal:
            append_journal(journal, result)
    return [done[job.key] for job in jobs if job.key in done], failed


def _name(job: Job) -> str:
    return f"{job.condition or job.scene}-{job.seed} {job.policy}"


def run_shards(
    write: Callable[[Path, AShard], dict[str, float]],
    folder: Path,
    shards: Sequence[AShard],
    where: Where,
    console: Console,
) -> tuple[list[Row], Failures]:
    """Lines of the shards that were missing in the folder, and what failed.

    Raises:
        MultigenError: the folder cannot be read or written.
    """
    todo, failed = unfinished(folder, shards), Failures()
    rows = [
        row
        for _, row in finished(
            partial(write_shard, folder, write), todo, where, console,
            name=lambda shard: shard.path, failed=failed, done=len(shards) - len(todo),
        )
    ]  # fmt: skip
    return rows, failed


def print_failures(failed: Sequence[dict[str, str]], console: Console) -> None:
    """One line per reason."""
    reasons: dict[str, list[str]] = {}
    for failure in failed:
        reasons.setdefault(failure["error"], []).append(failure["bag"])
    for reason, bags in reasons.items():
        others = f" and {len(bags) - 1} more" if len(bags) > 1 else ""
        console.print(f"failed: {escape(bags[0])}{others}: {escape(reason)}", style="red")
