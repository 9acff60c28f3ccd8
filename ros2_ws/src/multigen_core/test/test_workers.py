import multiprocessing
import os
import signal
import time
from pathlib import Path

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


def announce_and_wait(folder):
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    context = multiprocessing.get_context("spawn")
    parent = context.Process(target=_run, args=(tmp_path,))
    parent.start()
    deadline = time.monotonic() + 60
    while not (pids := [int(path.name) for path in tmp_path.iterdir()]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    parent.kill()
    parent.join()
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _run(folder):
    list(run_tasks(announce_and_wait, [folder], 1))
