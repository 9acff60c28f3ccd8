import json
import math
from argparse import ArgumentParser, Namespace
from importlib.metadata import EntryPoint

import pytest

from multigen_core.cli import doctor
from multigen_core.cli.doctor import Finding, State


def fine(args):
    yield Finding("one", State.FINE, "as it should be")


def note(args):
    yield Finding("two", State.NOTE, "not [here]", "get it", {"rate": 3.0, "age": math.nan})


def broken(args):
    yield Finding("three", State.BROKEN, "in the way", "mend it")


def failing(args):
    yield Finding("four", State.FINE, "so far")
    raise OSError("and then not")


@pytest.fixture
def diagnose(monkeypatch, capsys):
    def run(*names, json=None):
        entries = [EntryPoint(name, f"{__name__}:{name}", doctor.GROUP) for name in names]
        monkeypatch.setattr(doctor, "entry_points", lambda group: entries)
        monkeypatch.setenv("COLUMNS", "120")
        status = doctor.run(Namespace(json=json))
        return status, capsys.readouterr().out

    return run


def test_what_is_absent_is_noted_with_its_remedy_and_harms_nothing(diagnose):
    status, output = diagnose("fine", "note")
    assert status == 0
    assert "as it should be" in output
    assert "get it" in output


def test_findings_are_written_as_json_with_what_was_measured(diagnose, tmp_path):
    file = tmp_path / "findings.json"
    _, output = diagnose("fine", "note", json=file)
    assert "not [here]" in output
    first, second = json.loads(file.read_text())["findings"]
    assert first["state"] == "fine"
    assert second["values"] == {"rate": 3.0, "age": None}


def own_option(parser):
    parser.add_argument("--depth", type=int)


def test_a_package_adds_arguments_and_one_that_does_not_load_does_no_harm(monkeypatch):
    entries = [EntryPoint(n, f"{__name__}:{n}", doctor.OPTIONS) for n in ("absent", "own_option")]
    monkeypatch.setattr(doctor, "entry_points", lambda group: entries)
    parser = ArgumentParser()
    doctor.register(parser)
    assert parser.parse_args(["--depth", "3"]).depth == 3


def test_what_is_broken_makes_the_status_one(diagnose):
    assert diagnose("fine", "broken")[0] == 1


@pytest.mark.parametrize("name", ["failing", "no_such_check"])
def test_a_check_that_fails_is_a_finding_itself(diagnose, name):
    status, output = diagnose(name, "fine")
    assert status == 1
    assert f"multigen_{name}" in output
    assert "as it should be" in output


def test_this_machine_has_what_simulation_needs(capsys):
    findings = list(doctor.checks(Namespace()))
    assert {"Python", "ROS", "disk", "shared memory"} <= {finding.subject for finding in findings}
    assert not [finding for finding in findings if finding.state is State.BROKEN]
