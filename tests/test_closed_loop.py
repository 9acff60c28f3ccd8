"""Pours in closed loop: simulator, synthesizer and policies in one process, without ROS."""

import argparse
import json
import math
import statistics

import pytest

from multigen_core.errors import MultigenError
from multigen_core.station import Told
from multigen_policy.evaluation.results import load_results
from multigen_policy.rollouts import running
from multigen_policy.rollouts.closed_loop import Job, run_job, start
from multigen_policy.rollouts.evaluate_command import register_evaluate
from multigen_policy.rollouts.journal import append_journal, read_journal


def evaluate(*words):
    parser = argparse.ArgumentParser()
    register_evaluate(parser)
    args = parser.parse_args([str(word) for word in words])
    return args.run(args)


@pytest.mark.parametrize("told", [Told.STATION, Told.TARGET])
def test_the_acoustic_policy_pours_by_ear(told):
    result = run_job(Job("default", 1, "acoustic", "physical", told))
    assert result["outcome"] == "succeeded"
    assert result["relative_error"] < 0.15
    assert result["spill_fraction"] < 0.02
    assert result["estimated_ml"] == pytest.approx(result["poured_ml"], rel=0.2)


def test_the_acoustic_policy_tells_the_volume_and_resonance_that_it_hears():
    pour = start(Job("default", 1, "acoustic", "physical", Told.TARGET))
    told = [
        (tick.step.estimate, tick.liquids[-1].resonance_frequency, tick.world.pour.poured_volume)
        for tick in pour.ticks
        if tick.step is not None and tick.liquids
    ]
    heard = [(estimate, true) for estimate, true, _ in told if estimate.resonance > 0]
    cents = [1200 * math.log2(estimate.resonance / true) for estimate, true in heard]
    assert len(heard) > 50
    assert statistics.median(map(abs, cents)) < 100
    assert math.isnan(told[0][0].resonance), "nothing is heard before the pour"
    off = [
        abs(estimate.poured_volume - poured) / estimate.poured_volume_error
        for estimate, _, poured in told
        if estimate.poured_volume > 50e-6
    ]
    assert statistics.median(off) < 3


def test_a_start_volume_taken_for_granted_misleads_the_clock_and_not_the_ear(tmp_path):
    settings = tmp_path / "timed.yaml"
    settings.write_text("start_volume: 300.0e-6\n")
    errors = {
        policy: run_job(
            Job("held_out", 105, policy, "physical", Told.TARGET, policy_checkpoint=checkpoint)
        )["relative_error"]
        for policy, checkpoint in (("acoustic", ""), ("timed", str(settings)))
    }
    assert errors["acoustic"] < 0.15 < errors["timed"]


def test_a_silent_microphone_aborts_before_anything_is_poured():
    result = run_job(Job("default", 0, "acoustic", "silent", Told.TARGET))
    assert result["outcome"] == "aborted"
    assert "muted" in result["reason"]
    assert result["poured_ml"] == 0


def test_without_a_synthesizer_the_policy_is_deaf_and_says_so():
    result = run_job(Job("default", 0, "acoustic", "", Told.TARGET))
    assert result["outcome"] == "aborted"
    assert "audio never received" in result["reason"]


def test_a_source_that_holds_too_little_is_refused_by_name(tmp_path):
    scene = tmp_path / "little.yaml"
    scene.write_text("source: {volume_ml: 50}\n")
    with pytest.raises(MultigenError, match="holds 50 ml"):
        run_job(Job(str(scene), 0, "acoustic", "physical", Told.TARGET))


def test_finished_episodes_are_kept_and_not_run_again(tmp_path, monkeypatch):
    out = tmp_path / "out.json"
    words = ("--episodes", 2, "--scene", "default", "--policy", "timed", "--synthesizer", "silent",
             "--processes", 1, "--target-ml", 100, 100, "--json", out)  # fmt: skip
    assert evaluate(*words) == 0
    first = load_results(out)
    assert [result["seed"] for result in first] == [0, 1]
    assert json.loads(out.read_text())["seeds"] == [0, 1]
    ran = []
    monkeypatch.setattr(
        running,
        "run_tasks",
        lambda function, tasks, processes: (ran.extend(tasks), iter([]))[1],
    )
    assert evaluate(*words) == 0
    assert ran == []
    assert load_results(out) == first


def test_a_failed_episode_is_named_and_costs_itself_only(tmp_path, capsys):
    scene = tmp_path / "far.yaml"
    scene.write_text(
        "source: {volume_ml: {choice: [350, 350]}}\ntarget: {position: [1.6, 0.5, 0.0]}\n"
    )
    out = tmp_path / "out.json"
    status = evaluate(
        "--episodes", 1, "--scene", scene, "default", "--policy", "timed", "--synthesizer",
        "silent", "--processes", 1, "--json", out,
    )  # fmt: skip
    assert status == 1
    document = json.loads(out.read_text())
    assert len(document["results"]) == 1
    assert "far" in document["failed"][0]["bag"]
    assert "failed" in capsys.readouterr().out


def test_a_journal_cut_short_keeps_its_whole_lines(tmp_path):
    path = tmp_path / "out.jsonl"
    result = run_job(Job("default", 0, "timed", "silent", Told.TARGET, 100, 100))
    append_journal(path, result)
    with path.open("a") as file:
        file.write('{"target_ml": 1')
    append_journal(path, {**result, "job": "another"})
    assert set(read_journal(path)) == {result["job"], "another"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--episodes", 0), "at least 1"),
        (("--target-ml", 200, 100), "smaller one first"),
        (("--scene", "nowhere"), "nowhere"),
    ],
)
def test_impossible_options_are_refused(words, message):
    with pytest.raises(MultigenError, match=message):
        evaluate(*words)
