from importlib.metadata import EntryPoint

import pytest

from multigen_core.cli import doctor
from multigen_core.cli.doctor import Finding, State


def fine():
    yield Finding("one", State.FINE, "as it should be")


def note():
    yield Finding("two", State.NOTE, "not here", "get it")


def broken():
    yield Finding("three", State.BROKEN, "in the way", "mend it")


def failing():
    yield Finding("four", State.FINE, "so far")
    raise OSError("and then not")


@pytest.fixture
def diagnose(monkeypatch, capsys):
    def run(*names):
        entries = [EntryPoint(name, f"{__name__}:{name}", doctor.GROUP) for name in names]
        monkeypatch.setattr(doctor, "entry_points", lambda group: entries)
        monkeypatch.setenv("COLUMNS", "120")
        status = doctor.run(None)
        return status, capsys.readouterr().out

    return run


def test_what_is_absent_is_noted_with_its_remedy_and_harms_nothing(diagnose):
    status, output = diagnose("fine", "note")
    assert status == 0
    assert "as it should be" in output
    assert "get it" in output


def test_what_is_broken_makes_the_status_one(diagnose):
    assert diagnose("fine", "broken")[0] == 1


@pytest.mark.parametrize("name", ["failing", "no_such_check"])
def test_a_check_that_fails_is_a_finding_itself(diagnose, name):
    status, output = diagnose(name, "fine")
    assert status == 1
    assert f"multigen_{name}" in output
    assert "as it should be" in output


def test_this_machine_has_what_simulation_needs(capsys):
    findings = list(doctor.checks())
    assert {"Python", "ROS", "disk", "shared memory"} <= {finding.subject for finding in findings}
    assert not [finding for finding in findings if finding.state is State.BROKEN]
