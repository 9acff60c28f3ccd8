"""Simulated pours as data for the learned policy: straight from the simulator, or from bags."""

import argparse

import numpy as np
import pytest

from multigen_core.errors import MultigenError
from multigen_policy.learned.dataset import read_episodes
from multigen_policy.learned.dataset_command import register_dataset
from multigen_policy.learned.inputs import STATE
from multigen_policy.learned.recorder import TRUTH
from multigen_policy.rollouts.closed_loop import Job, metadata, start
from multigen_policy.rollouts.episode_bag import write_episode


def dataset(*words):
    parser = argparse.ArgumentParser()
    register_dataset(parser)
    args = parser.parse_args([str(word) for word in words])
    return args.run(args)


def column(episode, name):
    return episode["truth"][:, TRUTH.index(name)]


def check(episode, sound):
    steps = len(episode)
    assert steps > 20
    left, poured = column(episode, "left"), column(episode, "poured")
    assert (np.diff(left) >= -0.1).all()
    assert poured[-1] > 20
    np.testing.assert_allclose(
        left, poured + column(episode, "airborne") + column(episode, "spilled"), atol=0.5
    )
    ends = episode[f"{sound}_ends"]
    assert len(episode[f"{sound}_spectra"]) == ends[-1]
    assert ends[-1] == pytest.approx(5 * steps, abs=30)
    flowing = np.asarray(episode[f"{sound}_spectra"], float)[ends[int(np.argmax(left > 5))] :]
    assert flowing.mean() > episode[f"{sound}_spectra"][: ends[5]].mean() + 10
    assert episode["state"][-1, STATE.index("tilt")] > 0.3
    assert np.asarray(episode["crop"]).std() > 10


def test_a_pour_is_simulated_recorded_and_kept(tmp_path, capsys):
    words = ("--episodes", 1, "--out", tmp_path, "--sounds", "physical", "--workers", 1)
    assert dataset(*words) == 0
    check(read_episodes([tmp_path])[0], "physical")
    assert dataset(*words) == 0
    assert "0 pours recorded" in capsys.readouterr().out


def test_a_bag_of_a_simulated_pour_becomes_the_same_kind_of_data(tmp_path):
    job = Job("default", 3, "expert", "physical")
    pour = start(job, pictures=True)
    write_episode(tmp_path / "bag", pour, metadata(job, pour.scene, pour.volume))
    assert dataset("--bags", tmp_path / "bag", "--out", tmp_path / "data") == 0
    (episode,) = read_episodes([tmp_path / "data"])
    check(episode, "recorded")


def test_neither_or_both_sources_are_refused(tmp_path):
    for words in ((), ("--episodes", 1, "--bags", "x")):
        with pytest.raises(MultigenError, match="give --episodes N or --bags BAG"):
            dataset(*words, "--out", tmp_path)
