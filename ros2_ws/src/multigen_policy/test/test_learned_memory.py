"""Training of the memory on features, and what it then tells of its uncertainty."""

import numpy as np
import pytest
import torch

from multigen_core.errors import MultigenError
from multigen_core.learning.group import training_group
from multigen_core.learning.settings import Settings
from multigen_policy.learned import memory_training, training
from multigen_policy.learned.audiovisual import Brain
from multigen_policy.learned.dataset import read_episodes
from multigen_policy.learned.losses import committed
from multigen_policy.learned.network import Audiovisual, NetworkConfig
from multigen_policy.learned.outputs import HEADS, SQRT2

from .learned_data import made_up_dataset

RUN = training.Run(network=NetworkConfig(heard=16, seen=16, memory=24))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pours(tmp_path_factory):
    return read_episodes([made_up_dataset(tmp_path_factory.mktemp("pours"), 24)])


def test_it_needs_weights_to_begin_from(pours, tmp_path):
    with training_group("cpu") as group, pytest.raises(MultigenError, match="--start DIR"):
        memory_training.train(pours, RUN, Settings(tmp_path, steps=1, bf16=False), group)


def test_ear_and_eyes_stay_as_they_were(pours, tmp_path):
    torch.manual_seed(0)
    before = Audiovisual(RUN.network)
    with torch.no_grad():
        for absent in before.mind.absent.values():
            absent.normal_()  # The export folds constants that are all 0.
    training.save(before, tmp_path / "start")
    settings = Settings(tmp_path / "out", steps=2, bf16=False, start=tmp_path / "start")
    with training_group("cpu") as group:
        memory_training.train(pours, RUN, settings, group)
    after = Audiovisual(RUN.network)
    for name in ("ear", "mind"):
        training.begin_from(getattr(after, name), tmp_path / "out", name, training.POLICY)
    for part in ("ear", "mind.crop", "mind.whole"):
        old, new = before.get_submodule(part).state_dict(), after.get_submodule(part).state_dict()
        assert all(torch.equal(old[key], new[key]) for key in old)
    assert not torch.equal(before.mind.memory.weight_hh_l0, after.mind.memory.weight_hh_l0)
    Brain(tmp_path / "out")


@pytest.mark.parametrize("shift", [-2.0, 0.0, 1.0])
def test_one_standard_deviation_then_holds_two_thirds_of_the_truths(pours, shift):
    torch.manual_seed(2)
    network = Audiovisual(RUN.network).eval()
    with torch.no_grad():
        network.mind.heads[-1].bias[HEADS["committed"][0].stop - 1] += shift
    known = memory_training.features(network, pours, RUN, None, CPU)
    memory_training.calibrate(network, known, CPU)
    inside = []
    for one in known:
        outputs, wanted = memory_training._outputs(network, [one], CPU)
        columns, unit = HEADS["committed"]
        mean, scale = outputs[0, :, columns].detach().T
        away = (mean * unit - committed(wanted.truth)[0]).abs() / (scale.exp() * unit * SQRT2)
        poured = wanted.truth[0, :, 1] > 5.0
        inside += (away[poured] <= 1.0).tolist()
    assert np.mean(inside) == pytest.approx(0.683, abs=0.01)
