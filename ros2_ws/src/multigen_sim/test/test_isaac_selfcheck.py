import json
import os

import pytest

from multigen_core.cli import main

from .isaac_machine import IsaacMachine


@pytest.fixture
def machine(tmp_path, monkeypatch):
    pytest.importorskip("pxr", reason="pip install usd-core")
    machine = IsaacMachine(tmp_path, particles=100)
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    return machine


def test_evidence_is_written_and_says_that_this_was_never_proven(machine, tmp_path, capsys):
    file = tmp_path / "evidence.json"
    status = main(["isaac", "selfcheck", "-o", str(file)])
    found = json.loads(file.read_text())
    assert "never been executed in Isaac Sim by us" in found["note"]
    assert found["about"]["gpu"] == "NVIDIA RTX A6000"
    failed = [check["what"] for check in found["checks"] if not check["passed"]]
    assert status == bool(failed)
    # The fake's liquid is too coarse to be held to these.
    assert set(failed) <= {"poured", "spilled, of what was poured"}
    assert "sum of all volumes" in capsys.readouterr().out


def test_what_was_found_before_it_ended_is_written(machine, tmp_path, capsys):
    machine.behaves(fault="die", at_step=400)
    file = tmp_path / "evidence.json"
    assert main(["isaac", "selfcheck", "-o", str(file), "--isaac", str(tmp_path)]) == 1
    assert "SIGKILL" in capsys.readouterr().err
    assert len(json.loads(file.read_text())["checks"]) == 3


@pytest.mark.skipif(
    "ISAAC_SIM_PATH" not in os.environ, reason="no Isaac Sim: ISAAC_SIM_PATH is not set"
)
def test_it_passes_in_a_real_isaac_sim(tmp_path):
    assert main(["isaac", "selfcheck", "-o", str(tmp_path / "evidence.json")]) == 0
