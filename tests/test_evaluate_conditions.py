"""`multigen evaluate --conditions`, from the command to its files."""

import argparse
import json

import pytest

from multigen_core.errors import MultigenError
from multigen_core.world.recordings import VARIABLE
from multigen_policy.rollouts import running
from multigen_policy.rollouts.evaluate_command import register_evaluate

KEYS = {"nmae", "ci95", "episodes", "spill", "median_error_ml", "success", "calibration"}


def evaluate(*words):
    parser = argparse.ArgumentParser()
    register_evaluate(parser)
    args = parser.parse_args([str(word) for word in words])
    return args.run(args)


@pytest.mark.timeout(600)
def test_two_conditions_give_a_table_files_and_videos_and_are_not_poured_twice(
    tmp_path, capsys, monkeypatch
):
    pytest.importorskip("av")
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    words = ("--policy", "acoustic", "--synthesizer", "physical", "--episodes", 2, "--target-ml",
             100, 120, "--json", out, "--conditions", "held_out_station", "noise_0db",
             "held_out_nothing")  # fmt: skip
    assert evaluate(*words, "--html", page) == 0
    document = json.loads(out.read_text())
    assert list(document["conditions"]) == ["held_out_station", "noise_0db", "held_out_nothing"]
    for name, figures in document["conditions"].items():
        assert set(figures) == KEYS
        assert figures["episodes"] == (0 if name == "held_out_nothing" else 2)
    quiet, noisy = (document["conditions"][name] for name in ("held_out_station", "noise_0db"))
    assert quiet["nmae"] < 0.3
    assert quiet["nmae"] != noisy["nmae"]
    assert quiet["calibration"] in (0.0, 0.5, 1.0)
    assert document["conditions"]["held_out_nothing"]["nmae"] is None
    assert list(document["impossible"]) == ["held_out_nothing"]
    assert len(document["results"]) == 4
    printed = " ".join(capsys.readouterr().out.split())
    assert "held_out_nothing: cannot pour here: the policy acoustic needs" in printed
    assert "0.46" in printed
    assert page.read_text().count("<video") == 4
    ran = []
    monkeypatch.setattr(
        running,
        "run_tasks",
        lambda function, tasks, processes: (ran.extend(tasks), iter([]))[1],
    )
    assert evaluate(*words) == 0
    assert ran == []
    assert json.loads(out.read_text()) == document


def test_recordings_that_are_missing_fail_once_and_not_per_pour(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    status = evaluate(
        "--policy", "timed", "--synthesizer", "silent", "--episodes", 50, "--conditions", "replay"
    )
    assert status == 1
    assert " ".join(capsys.readouterr().out.split()).count("no recordings") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--conditions", "foggy"), "no condition 'foggy'"),
        (("--conditions", "dark", "--told", "station"), "leave out --scene and --told"),
        (("--conditions", "dark", "--scene", "default"), "leave out --scene and --told"),
        (("--conditions", "dark", "--policy", "timed", "acoustic"), "take one --policy"),
        (("--conditions", "dark", "--noise", "nowhere"), "nowhere: no sound files"),
        (("--html", "page.html"), "belong to --conditions"),
    ],
)
def test_options_that_contradict_each_other_are_refused(words, message):
    with pytest.raises(MultigenError, match=message):
        evaluate(*words)
