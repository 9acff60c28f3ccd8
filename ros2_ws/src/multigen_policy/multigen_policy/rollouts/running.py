"""Runs jobs in parallel and keeps what is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from multigen_core.workers import run_tasks
from multigen_policy.rollouts.closed_loop import Job, run_job
from multigen_policy.rollouts.journal import append_journal, read_journal


def run_jobs(
    jobs: Sequence[Job], journal: Path | None, processes: int, console: Console
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Results of the jobs, run now or found in the journal, and what failed."""
    done = read_journal(journal) if journal else {}
    failed = []
    todo = [job for job in jobs if job.key not in done]
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("pouring", total=len(jobs), completed=len(jobs) - len(todo))
        for job, outcome in run_tasks(run_job, todo, processes):
            progress.advance(task)
            if isinstance(outcome, Exception):
                message = str(outcome) or type(outcome).__name__
                where = job.condition or job.scene
                failed.append({"bag": f"{where}-{job.seed} {job.policy}", "error": message})
                continue
            done[job.key] = outcome
            if journal:
                append_journal(journal, outcome)
    return [done[job.key] for job in jobs if job.key in done], failed


def print_failures(failed: Sequence[dict[str, str]], console: Console) -> None:
    """One line per reason."""
    reasons: dict[str, list[str]] = {}
    for failure in failed:
        reasons.setdefault(failure["error"], []).append(failure["bag"])
    for reason, bags in reasons.items():
        others = f" and {len(bags) - 1} more" if len(bags) > 1 else ""
        console.print(f"failed: {escape(bags[0])}{others}: {escape(reason)}", style="red")
