"""Several processes that train as one, started by torchrun over gloo."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from multigen_core.errors import MultigenError
from multigen_core.learning.device import usable_device
from multigen_core.learning.group import Group, training_group

from .learner import STEPS, learn
from .test_learning_loop import ALONE, state

PROGRAM = Path(__file__).with_name("learner.py")


def torchrun(processes, out, *arguments):
    out.mkdir(exist_ok=True)
    command = (
        sys.executable, "-m", "torch.distributed.run", "--standalone",
        f"--nproc-per-node={processes}", PROGRAM, out, *arguments,
    )  # fmt: skip
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


def same(first, second):
    for part in ("module", "average"):
        for key, value in first[part].items():
            torch.testing.assert_close(value, second[part][key], rtol=0, atol=1e-6)


def test_two_processes_on_halves_of_a_batch_learn_what_one_learns_on_the_whole(tmp_path) -> None:
    done = torchrun(2, tmp_path / "two", STEPS)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "two").glob("ended_*"))) == 2
    learn(tmp_path / "one", ALONE)
    same(state(tmp_path / "one"), state(tmp_path / "two"))
    alone, first, second = (
        (tmp_path / name).read_text() for name in ("one/first_0", "two/first_0", "two/first_1")
    )
    assert alone == first
    assert not set(first.split()) & set(second.split())


def test_a_training_is_continued_by_another_number_of_processes(tmp_path) -> None:
    learn(tmp_path / "one", ALONE)
    done = torchrun(2, tmp_path / "both", 5)
    assert done.returncode == 0, done.stderr
    assert state(tmp_path / "both")["step"] == 5
    learn(tmp_path / "both", ALONE)
    same(state(tmp_path / "one"), state(tmp_path / "both"))


def test_a_loss_that_is_no_number_in_one_process_ends_all(tmp_path) -> None:
    done = torchrun(2, tmp_path / "two", STEPS, "sick")
    assert done.returncode != 0
    assert done.stderr.count("line: the loss is nan at step 0") == 2
    assert not list((tmp_path / "two").glob("ended_*"))


def test_work_is_shared_out_whole_and_once() -> None:
    groups = [Group(rank, 3, torch.device("cpu")) for rank in range(3)]
    parts = [list(group.mine(range(100, 110))) for group in groups]
    assert sorted(seed for part in parts for seed in part) == list(range(100, 110))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert {group.share(10) for group in groups} == {4}


def test_only_the_first_process_tells(capsys) -> None:
    for rank in (0, 1):
        Group(rank, 2, torch.device("cpu")).tell("a line")
    assert capsys.readouterr().out == "a line\n"


def test_one_gpu_cannot_be_named_for_several_processes(monkeypatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(MultigenError, match="'cuda:1' is one GPU for 2 processes; say cuda or cpu"),
        training_group("cuda:1"),
    ):
        pass


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "mps"])
def test_an_unknown_device_is_refused_with_those_there_are(name) -> None:
    with pytest.raises(MultigenError, match=r"is unknown; expected cpu, or cuda or cuda:N of \d+"):
        usable_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_in_one_line() -> None:
    with pytest.raises(MultigenError, match=r"device 'cuda' cannot be used: .*of 0 GPUs seen$"):
        usable_device("cuda")
