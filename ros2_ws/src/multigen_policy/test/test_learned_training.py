"""Datasets and training: complete or refused, resumable, and learning."""

import json

import numpy as np
import pytest
import torch

from multigen_core.errors import MultigenError
from multigen_core.learning.group import Group, training_group
from multigen_core.learning.settings import Settings
from multigen_core.learning.weights import WeightsError
from multigen_policy.learned import training
from multigen_policy.learned.audiovisual import Brain
from multigen_policy.learned.batches import Loader, Variation
from multigen_policy.learned.dataset import read_episode, read_episodes, write_episode
from multigen_policy.learned.network import NetworkConfig

from .learned_data import made_up, made_up_dataset

ALONE = Group(0, 1, torch.device("cpu"))
SMALL = NetworkConfig(heard=16, seen=16, memory=24)


@pytest.fixture(scope="module")
def pours(tmp_path_factory):
    return made_up_dataset(tmp_path_factory.mktemp("pours"), 24)


def test_a_pour_comes_back_as_it_was_written(tmp_path):
    arrays = made_up(3)
    write_episode(tmp_path / "a", arrays, {"seed": 3})
    episode = read_episode(tmp_path / "a")
    assert len(episode) == 30
    assert episode.sounds == ("flow",)
    assert episode.about["seed"] == 3
    for name, array in arrays.items():
        np.testing.assert_array_equal(episode[name], array)


def test_another_version_a_damaged_and_an_empty_dataset_are_named(tmp_path):
    write_episode(tmp_path / "a", made_up(0), {})
    about = json.loads((tmp_path / "a/about.json").read_text())
    (tmp_path / "a/about.json").write_text(json.dumps({**about, "fingerprint": "old"}))
    with pytest.raises(MultigenError, match=r"a: recorded by another version \(old, now .*delete"):
        read_episodes([tmp_path])
    (tmp_path / "a/about.json").write_text(json.dumps(about))
    (tmp_path / "a/truth.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(MultigenError, match="a: not a recorded pour"):
        read_episodes([tmp_path])
    with pytest.raises(MultigenError, match="has no recorded pours; make some: multigen dataset"):
        read_episodes([tmp_path / "none"])


def test_what_a_step_gets_depends_on_its_number_alone(pours):
    episodes = read_episodes([pours])
    first, again = (Loader(episodes, Variation(), 4, (0, 1), ALONE) for _ in range(2))
    drawn = [first.at(step) for step in range(4)]
    same(again.at(3), drawn[3])


def test_processes_share_what_one_alone_would_get(pours):
    episodes = read_episodes([pours])
    alone = Loader(episodes, Variation(), 4, (0, 1), ALONE).at(2)
    pair = [
        Loader(episodes, Variation(), 4, (0, 1), Group(rank, 2, ALONE.device)).at(2)
        for rank in range(2)
    ]
    same(pair[0], alone[::2])
    same(pair[1], alone[1::2])


def same(drawn, others):
    for one, other in zip(drawn, others, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def run(pours, out, steps, **settings):
    given = Settings(out, steps=steps, bf16=False, **settings)
    with training_group("cpu") as group:
        training.train(read_episodes([pours]), training.Run(network=SMALL, batch=4), given, group)


def test_it_learns_resumes_and_writes_weights_that_run(pours, tmp_path, capsys):
    torch.set_num_threads(1)
    run(pours, tmp_path, 100)
    lines = [line for line in capsys.readouterr().out.splitlines() if "loss" in line]
    losses = [float(line.split("loss ")[1].split()[0]) for line in lines]
    assert losses[-1] < losses[0]
    run(pours, tmp_path, 150)
    assert "150/150" in capsys.readouterr().out
    Brain(tmp_path)
    run(pours, tmp_path / "tuned", 2, start=tmp_path)


def test_weights_of_another_network_are_refused_by_name(tmp_path, pours):
    run(pours, tmp_path, 1)
    (tmp_path / "mind.safetensors").write_bytes((tmp_path / "ear.safetensors").read_bytes())
    with pytest.raises(WeightsError, match=r"mind\.onnx: cannot be loaded"):
        Brain(tmp_path)
    (tmp_path / "ear.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"ear\.safetensors: cannot be read as weights"):
        Brain(tmp_path)


def test_too_few_pours_are_refused(tmp_path):
    made_up_dataset(tmp_path / "one", 1)
    with pytest.raises(MultigenError, match="1 pours are too few to train on"):
        run(tmp_path / "one", tmp_path / "out", 1)
