import os
import signal

from multigen_core.errors import WorkerDiedError
from multigen_core.workers import run_tasks


def work(task):
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "fail":
        raise ValueError("no good")
    return task.upper()


def test_a_task_that_fails_or_dies_costs_itself_only():
    tasks = ["a", "fail", "b", "die", "c", "d"]
    results = dict(run_tasks(work, tasks, 2))
    assert [results[name] for name in "abcd"] == ["A", "B", "C", "D"]
    assert isinstance(results["fail"], ValueError)
    assert isinstance(results["die"], WorkerDiedError)


def test_no_tasks_need_no_processes():
    assert list(run_tasks(work, [], 2)) == []
