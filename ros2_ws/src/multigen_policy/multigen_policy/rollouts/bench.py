"""`multigen bench generate`: how fast a core makes episodes, and where its time goes."""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from multigen_core.errors import MultigenError
from multigen_core.sampling import Sampler
from multigen_core.workers import run_tasks
from multigen_policy.learned.dataset_command import record
from multigen_policy.learned.demonstrations import Demonstration
from multigen_policy.rollouts.closed_loop import EXPERT, Job
from multigen_policy.rollouts.generate_command import UNFINISHED, Task, generate

SEEDS = range(3)
"""Of the measured episodes; one more runs before them, unmeasured."""
STAGES = {
    "multigen_sim": "physics",
    "multigen_sim.views": "public_view",
    "multigen_sim.views.hearing": "hearing_view",
    "multigen_core.learning.runtime": "networks",
    "multigen_audio": "sound",
    "multigen_core.bags": "bag",
    "multigen_core.messages": "bag",
    "multigen_policy.rollouts.episode_bag": "bag",
    "multigen_core.guard": "guard",
    "multigen_core.rollout": "policy",
    "multigen_policy.classical": "policy",
    "multigen_policy.learned": "recorder",
}


@dataclass(frozen=True)
class Work:
    """Episodes of some seeds that one worker makes: bags, or array shards."""

    bags: bool
    seeds: Sequence[int]


@dataclass(frozen=True)
class Cost:
    """What they cost: CPU time and simulated time [s], peak memory [MB], CPU time by stage [s]."""

    cpu: float
    simulated: float
    memory: float
    stages: dict[str, float]

    @property
    def factor(self) -> float:
        """Simulated time per CPU time."""
        return self.simulated / self.cpu


def run(_: argparse.Namespace) -> dict[str, float]:
    """Figures of a worker, by CPU time, which does not depend on what else the machine does.

    Bags are of the randomised scene with both views and flow's sound; shards count the time that
    they record. A worker's start is left out. Efficiency is the CPU time of an episode beside
    nobody over that beside another worker, who shares caches and memory.
    """
    (bags,), (shards,) = _costs([Work(True, SEEDS)], 1), _costs([Work(False, SEEDS)], 1)
    beside = _costs([Work(True, SEEDS)] * 2, 2)
    together = sum(cost.factor for cost in beside) / len(beside)
    figures = {
        "bags_real_time_factor": bags.factor,
        "shards_real_time_factor": shards.factor,
        "worker_memory_mb": max(cost.memory for cost in (bags, shards, *beside)),
        "efficiency_two_workers": together / bags.factor,
        "bag_cpu_seconds": bags.cpu / len(SEEDS),
        "shard_cpu_seconds": shards.cpu / len(SEEDS),
    }
    for name, cost in (("bags", bags), ("shards", shards)):
        for stage, seconds in cost.stages.items():
            figures[f"{name}_{stage}_s_per_s"] = seconds / cost.simulated
    return {**figures, "load_average": os.getloadavg()[0]}


def _costs(works: Sequence[Work], workers: int) -> list[Cost]:
    found = []
    for _, outcome in run_tasks(measured, works, workers):
        if isinstance(outcome, Exception):
            raise MultigenError(f"no episode can be made: {outcome}") from outcome
        found.append(outcome)
    return found


def measured(work: Work) -> Cost:
    """What the episodes cost in this process.

    Raises:
        MultigenError: one cannot be made.
    """
    with tempfile.TemporaryDirectory() as folder:
        episodes = _episodes(work, Path(folder))
        next(episodes)
        begin = time.process_time()
        with Sampler(STAGES) as sampler:
            simulated = sum(episodes)
        cpu = time.process_time() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(cpu, simulated, memory, sampler.seconds)


def _episodes(work: Work, folder: Path) -> Iterator[float]:
    """Make the episodes; yield the simulated time of each [s], first of one more."""
    (folder / UNFINISHED).mkdir()
    for seed in (max(work.seeds) + 1, *work.seeds):
        if work.bags:
            task = Task(Job("randomised", seed, EXPERT, "flow"))
            yield generate(folder / task.path, task)["simulated"]
        else:
            shard = Demonstration(seed)
            yield record(folder / shard.path, shard)["recorded"]
