"""Training of the eyes on single pictures."""

import numpy as np
import pytest
import torch

from multigen_core.learning.group import training_group
from multigen_core.learning.settings import Settings
from multigen_policy.learned import eye_training, training
from multigen_policy.learned.audiovisual import Brain
from multigen_policy.learned.dataset import read_episodes
from multigen_policy.learned.network import NetworkConfig
from multigen_policy.learned.recorder import TRUTH

from .learned_data import made_up_dataset

SMALL = NetworkConfig(heard=16, seen=16, memory=24)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pours(tmp_path_factory):
    return read_episodes([made_up_dataset(tmp_path_factory.mktemp("pours"), 24)])


def test_pictures_come_with_their_own_truth_and_often_from_around_an_onset(pours):
    drawn = eye_training.draw(pours, 200, np.random.default_rng(0), CPU, vary=False)
    truth = drawn.truth.numpy()
    volume = truth[:, TRUTH.index("left")]
    # The pours are made up so that the surface rises by a row of the picture per millilitre.
    surface = (drawn.crop[:, :, 0, 2] == 220).float().argmax(1).numpy()
    shown = volume > 1
    rows = drawn.crop.shape[1]
    np.testing.assert_allclose(surface[shown], np.maximum(rows - 5 - volume[shown], 0), atol=1.0)
    just_begun = (volume > 0) & (volume < 15)
    assert just_begun.mean() > 0.2


def test_the_eyes_learn_and_all_weights_are_written(pours, tmp_path, capsys):
    torch.set_num_threads(1)
    settings = Settings(tmp_path, steps=100, bf16=False)
    with training_group("cpu") as group:
        eye_training.train(pours, training.Run(network=SMALL), settings, group)
    lines = [line for line in capsys.readouterr().out.splitlines() if "loss" in line]
    losses = [float(line.split("loss ")[1].split()[0]) for line in lines]
    assert losses[-1] < losses[0]
    Brain(tmp_path)
