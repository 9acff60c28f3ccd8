"""`multigen generate`: simulated episodes as bags, for training and evaluation."""

from __future__ import annotations

import argparse
import math
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from multigen_core.bags import provenance
from multigen_core.errors import MultigenError
from multigen_core.policy import policy_names
from multigen_core.workers import run_tasks
from multigen_policy.classical.expert import ExpertConfig
from multigen_policy.rollouts.closed_loop import EXPERT, Job, metadata, start
from multigen_policy.rollouts.episode_bag import write_episode
from multigen_policy.rollouts.job_arguments import add_job_arguments, check_job_arguments

SLOWEST, FASTEST = 10e-6, 60e-6
"""Range of the expert's target flow, sampled per episode [m^3/s]."""
_UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class Task:
    """One bag to write."""

    job: Job
    bag: Path
    hearing: bool


def register_generate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen generate`."""
    parser.description = (
        "Write simulated episodes as bags: images, sound, joints, commands and ground truth. "
        "Existing bags are kept, so an interrupted run resumes where it stopped."
    )
    parser.add_argument("--episodes", type=int, required=True, metavar="N", help="seeds per scene")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the bags"
    )
    add_job_arguments(parser)
    parser.add_argument(
        "--policy", default=EXPERT, choices=(*policy_names(), EXPERT),
        help="policy that pours (default: the expert, at flows sampled from 10 to 60 ml/s)",
    )  # fmt: skip
    parser.add_argument(
        "--hearing-view", action="store_true", help="also keep the frames of the cut-away view"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.set_defaults(run=run_generate)


def run_generate(args: argparse.Namespace) -> int:
    """Write missing bags; name the episodes that fail and return 1 if there are any."""
    check_job_arguments(args, args.workers)
    low, high = args.target_ml
    seeds = range(args.first_seed, args.first_seed + args.episodes)
    out = args.out.expanduser().absolute()
    tasks = [
        Task(
            Job(
                scene, seed, args.policy, args.synthesizer, low=low, high=high,
                synthesizer_checkpoint=args.synthesizer_checkpoint,
                policy_checkpoint=args.policy_checkpoint, device=args.device, backend=args.backend,
                arm_file=args.arm_file,
            ),
            out / f"{Path(scene).stem}-{seed:05d}",
            args.hearing_view,
        )
        for scene in args.scene
        for seed in seeds
    ]  # fmt: skip
    try:
        (out / _UNFINISHED).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MultigenError(f"{out}: cannot be written: {error.strerror}") from error
    todo = [task for task in tasks if not task.bag.exists()]
    console, failed, simulated = Console(), 0, 0.0
    began = time.monotonic()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("episodes", total=len(tasks), completed=len(tasks) - len(todo))
        for task, outcome in run_tasks(generate, todo, args.workers):
            progress.advance(bar)
            if isinstance(outcome, Exception):
                failed += 1
                reason = str(outcome) or type(outcome).__name__
                console.print(f"failed: {task.bag.name}: {reason}", style="red")
            else:
                simulated += outcome
    took = time.monotonic() - began
    made = len(todo) - failed
    console.print(
        f"{made} episodes written to {out}, {len(tasks) - len(todo)} already existed; "
        f"{simulated:.0f} s simulated in {took:.0f} s, {simulated / took:.1f} × real time"
    )
    return 1 if failed else 0


def generate(task: Task) -> float:
    """Write one bag, complete or not at all; return the time simulated [s].

    Raises:
        MultigenError: the episode is impossible or the bag cannot be written.
    """
    job = task.job
    rng = np.random.default_rng([job.seed, 11])
    flow = math.exp(rng.uniform(math.log(SLOWEST), math.log(FASTEST)))
    pour = start(job, ExpertConfig(flow=flow), pictures=True, hearing=task.hearing)
    about = provenance() | metadata(job, pour.scene, pour.volume)
    part = task.bag.parent / _UNFINISHED / task.bag.name
    shutil.rmtree(part, ignore_errors=True)
    try:
        simulated = write_episode(part, pour, about, task.hearing)
        part.rename(task.bag)
    except OSError as error:
        raise MultigenError(f"{task.bag}: cannot be written: {error.strerror}") from error
    return simulated
