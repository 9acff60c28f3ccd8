"""Evaluates one policy under several conditions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from multigen_core.files import write_atomic, write_json
from multigen_core.station import UntoldError
from multigen_core.workers import Where, run_tasks
from multigen_policy.evaluation.conditions import (
    by_condition,
    condition_figures,
    print_conditions,
)
from multigen_policy.evaluation.conditions_page import Clip, render, telling
from multigen_policy.evaluation.results import Result, summary
from multigen_policy.evaluation.video import require_encoder
from multigen_policy.rollouts.background import sound_files
from multigen_policy.rollouts.closed_loop import Job, check_job
from multigen_policy.rollouts.conditions import CONDITIONS, chosen_conditions
from multigen_policy.rollouts.film import film
from multigen_policy.rollouts.journal import journal_of, read_journal
from multigen_policy.rollouts.running import print_failures, run_jobs, where


def run_conditions(args: argparse.Namespace, job: Job, console: Console) -> int:
    """Pour, print the table and write it; return 1 if anything failed.

    A condition in which the policy is told too little is no failure: that is its figure.

    Args:
        args: of `multigen evaluate`.
        job: what the conditions vary.
        console: to print to.

    Raises:
        MultigenError: there is no such condition or noise, or a file cannot be read or written.
    """
    names = chosen_conditions(args.conditions)
    if args.noise:
        sound_files(Path(args.noise))
    if args.html:
        require_encoder()
    seeds = range(args.first_seed, args.first_seed + args.episodes)
    jobs = {
        name: [CONDITIONS[name].job(name, replace(job, seed=seed)) for seed in seeds]
        for name in names
    }
    journal, place = journal_of(args.json), where(args)
    errors = _impossible(jobs, journal, place)
    possible = [job for name in names if name not in errors for job in jobs[name]]
    results, failed = run_jobs(possible, journal, place, console)
    groups = by_condition(results, names)
    figures = {name: condition_figures(own) for name, own in groups.items()}
    reasons = {name: str(error) or type(error).__name__ for name, error in errors.items()}
    print_conditions(figures, reasons, console)
    print_failures(failed, console)
    if args.json:
        document = {"conditions": figures, "impossible": reasons, **summary(results, failed)}
        write_json(args.json, document)
    if args.html:
        by_key = {job.key: job for own in jobs.values() for job in own}
        clips = _clips(groups, by_key, place)
        about = {name: CONDITIONS[name].about for name in names}
        page = render(job.policy, figures, about, reasons, clips)
        write_atomic(args.html, page.encode())
    told = all(isinstance(error, UntoldError) for error in errors.values())
    return 0 if told and not failed else 1


def _clips(
    groups: Mapping[str, Sequence[Result]], jobs: Mapping[str, Job], place: Where
) -> dict[str, list[Clip]]:
    """The pours to show of each condition, poured once more: a seed repeats exactly."""
    shown = {name: telling(results) for name, results in groups.items()}
    wanted = [jobs[result["job"]] for pours in shown.values() for result in pours.values()]
    videos = {
        job.key: video for job, video in run_tasks(film, wanted, place) if isinstance(video, bytes)
    }
    return {
        name: [Clip(label, result, videos.get(result["job"])) for label, result in pours.items()]
        for name, pours in shown.items()
    }


def _impossible(
    jobs: Mapping[str, Sequence[Job]], journal: Path | None, place: Where
) -> dict[str, Exception]:
    """The conditions under which no pour can even begin, with the reason."""
    done = read_journal(journal) if journal else {}
    unsure = [own[0] for own in jobs.values() if not any(job.key in done for job in own)]
    found = {
        job.condition: outcome
        for job, outcome in run_tasks(check_job, unsure, place)
        if isinstance(outcome, Exception)
    }
    return {name: found[name] for name in jobs if name in found}
