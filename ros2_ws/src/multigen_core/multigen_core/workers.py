"""Runs many tasks in a few processes or on a cluster; one that dies loses only its own task."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from multigen_core.errors import WorkerDiedError
from multigen_core.ray_tasks import run_on_ray

Task = TypeVar("Task")
Result = TypeVar("Result")


_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LP_NUM_THREADS": "0"}
"""Workers fill the cores already; the last is of Mesa's software renderer, 0 for its caller's."""

Where = int | str
"""A number of processes on this machine, or the address of a Ray cluster."""


def run_tasks(
    function: Callable[[Task], Result], tasks: Sequence[Task], where: Where
) -> Iterator[tuple[Task, Result | Exception]]:
    """Yield results or errors as tasks finish.

    `function` and `tasks` must be picklable; processes are spawned, so they inherit nothing.

    Raises:
        MultigenError: there is no such cluster.
    """
    if isinstance(where, str):
        return run_on_ray(function, tasks, where, _THREADS)
    return _in_processes(function, tasks, where)


def _end_with_parent() -> None:
    """Let this worker end when its parent is gone, killed perhaps, and wants no results."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _in_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], processes: int
) -> Iterator[tuple[Task, Result | Exception]]:
    """A death breaks the pool: the tasks that ran at the same time run again, one at a time."""
    for name, count in _THREADS.items():
        os.environ.setdefault(name, count)
    queue, suspects = deque(tasks), deque[Task]()
    while queue or suspects:
        width = 1 if suspects else processes
        source = suspects or queue
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(width, spawn, _end_with_parent) as pool:
            running: dict[Future[Result], Task] = {}
            broken = False
            while (source and not broken) or running:
                while source and len(running) < width and not broken:
                    task = source.popleft()
                    running[pool.submit(function, task)] = task
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    try:
                        yield task, future.result()
                    except BrokenProcessPool:
                        broken = True
                        if width == 1:
                            yield task, WorkerDiedError("process killed; out of memory?")
                        else:
                            suspects.append(task)
                    except Exception as error:
                        yield task, error
