"""Runs tasks on a Ray cluster; Ray is an extra, requirements/cluster.txt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

from multigen_core.errors import MultigenError, WorkerDiedError

Task = TypeVar("Task")
Result = TypeVar("Result")

_RETRIES = 3
"""How often a task is run again after its node or process was lost."""
_WAITING = 2
"""Tasks given to the cluster for each of its cores."""


def run_on_ray(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    address: str,
    environment: Mapping[str, str],
) -> Iterator[tuple[Task, Result | Exception]]:
    """As `run_tasks`, with one task for each core of the cluster at `address`.

    Results should be small: shards go to a folder that all machines share. Whoever stops iterating,
    with Ctrl-C too, cancels what runs.

    Raises:
        MultigenError: Ray is not installed, or there is no such cluster.
    """
    if not tasks:
        return

    def call(task: Task) -> Result:
        return function(task)

    ray = _connected(address, environment)
    try:
        remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(call)
        bound = _WAITING * max(1, int(ray.cluster_resources().get("CPU", 1)))
        queue, running = deque(tasks), dict[Any, Task]()
        try:
            while queue or running:
                while queue and len(running) < bound:
                    task = queue.popleft()
                    running[remote.remote(task)] = task
                for done in ray.wait(list(running), num_returns=1)[0]:
                    yield running.pop(done), _outcome(ray, done)
        finally:
            for unfinished in running:
                ray.cancel(unfinished, force=True)
    finally:
        ray.shutdown()


def _connected(address: str, environment: Mapping[str, str]) -> ModuleType:
    try:
        ray = import_module("ray")
    except ImportError as error:
        raise MultigenError(
            "--ray needs the package ray: pip install -r requirements/cluster.txt"
        ) from error
    try:
        ray.init(
            address, log_to_driver=False, logging_level="ERROR",
            runtime_env={"env_vars": dict(environment)},
        )  # fmt: skip
    except Exception as error:  # its errors have no base in common
        raise MultigenError(f"no Ray cluster at {address!r}: {_reason(error)}") from error
    return ray


def _outcome(ray: ModuleType, done: Any) -> Any:
    """The result of a finished task, or its error."""
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        return error.cause if isinstance(error.cause, Exception) else error
    except ray.exceptions.RayError as error:
        return WorkerDiedError(f"lost {_RETRIES + 1} times with its machine: {_reason(error)}")


def _reason(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())[:200]
