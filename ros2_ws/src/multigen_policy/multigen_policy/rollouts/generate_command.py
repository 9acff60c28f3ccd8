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

from multigen_core.bags import provenance
from multigen_core.errors import MultigenError
from multigen_core.policy import policy_names
from multigen_policy.classical.expert import ExpertConfig
from multigen_policy.rollouts.closed_loop import EXPERT, Job, metadata, start
from multigen_policy.rollouts.episode_bag import write_episode
from multigen_policy.rollouts.job_arguments import add_job_arguments, check_job_arguments
from multigen_policy.rollouts.running import (
    add_where_arguments,
    print_failures,
    run_shards,
    where,
)

SLOWEST, FASTEST = 10e-6, 60e-6
"""Range of the expert's target flow, sampled per episode [m^3/s]."""
UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class Task:
    """One bag to write."""

    job: Job
    hearing: bool = False

    @property
    def seed(self) -> int:
        return self.job.seed

    @property
    def path(self) -> str:
        return f"{Path(self.job.scene).stem}-{self.job.seed:05d}"


def register_generate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen generate`."""
    parser.description = (
        "Write simulated episodes as bags: images, sound, joints, commands and ground truth. "
        "Finished bags are kept, so an interrupted run resumes where it stopped."
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
    add_where_arguments(parser, "--workers", os.cpu_count() or 1)
    parser.set_defaults(run=run_generate)


def run_generate(args: argparse.Namespace) -> int:
    """Write missing bags; name the episodes that fail and return 1 if there are any."""
    check_job_arguments(args, args.processes)
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
            args.hearing_view,
        )
        for scene in args.scene
        for seed in seeds
    ]  # fmt: skip
    try:
        (out / UNFINISHED).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MultigenError(f"{out}: cannot be written: {error.strerror}") from error
    console, began = Console(), time.monotonic()
    rows, failed = run_shards(generate, out, tasks, where(args), console)
    took = time.monotonic() - began
    print_failures(failed, console)
    simulated = sum(row.figures["simulated"] for row in rows)
    console.print(
        f"{len(rows)} episodes written to {out}, {len(tasks) - len(rows) - len(failed)} already "
        f"existed; {simulated:.0f} s simulated in {took:.0f} s, {simulated / took:.1f} × real time"
    )
    return 1 if failed else 0


def generate(bag: Path, task: Task) -> dict[str, float]:
    """Write one bag, complete or not at all; return the time `simulated` [s].

    Raises:
        MultigenError: the episode is impossible or the bag cannot be written.
    """
    job = task.job
    rng = np.random.default_rng([job.seed, 11])
    flow = math.exp(rng.uniform(math.log(SLOWEST), math.log(FASTEST)))
    pour = start(job, ExpertConfig(flow=flow), pictures=True, hearing=task.hearing)
    about = provenance() | metadata(job, pour.scene, pour.volume)
    part = bag.parent / UNFINISHED / bag.name
    shutil.rmtree(part, ignore_errors=True)
    try:
        simulated = write_episode(part, pour, about, task.hearing)
        part.rename(bag)
    except OSError as error:
        raise MultigenError(f"{bag}: cannot be written: {error.strerror}") from error
    return {"simulated": simulated}
