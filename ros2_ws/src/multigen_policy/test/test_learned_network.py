"""The network: causal, streamable, and blind and deaf where it is told so."""

import numpy as np
import pytest
import torch

from multigen_core.types import LiquidState
from multigen_policy.classical.expert import Expert
from multigen_policy.learned.audiovisual import Brain
from multigen_policy.learned.batches import Variation, batch, example
from multigen_policy.learned.dataset import read_episodes
from multigen_policy.learned.inputs import STATE, Inputs
from multigen_policy.learned.losses import chunks, expert_rates
from multigen_policy.learned.network import Audiovisual, NetworkConfig
from multigen_policy.learned.outputs import CHUNK, WIDTH, Outputs
from multigen_policy.learned.recorder import TRUTH
from multigen_policy.learned.training import save

from .learned_data import made_up_dataset

CPU = torch.device("cpu")
LOOKS = Variation().looks


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return Audiovisual(NetworkConfig(heard=32, seen=32, memory=48)).eval()


@pytest.fixture(scope="module")
def episode(tmp_path_factory):
    return read_episodes([made_up_dataset(tmp_path_factory.mktemp("pours"), 1)])[0]


@torch.no_grad()
def told(network, arrays) -> np.ndarray:
    return network(*batch([arrays], CPU).inputs)[0][0].numpy()


def test_step_by_step_without_torch_it_tells_what_it_tells_of_the_whole(network, episode, tmp_path):
    save(network, tmp_path)
    arrays = example(episode, Variation(), None)
    whole = told(network, arrays)
    brain = Brain(tmp_path)
    spectra, ends = np.asarray(episode["flow_spectra"], np.float32), episode["flow_ends"]
    for step, expected in enumerate(whole):
        first = int(ends[step - 1]) if step else 0
        given = Inputs(
            spectra[first : ends[step]], arrays["crop"][step // LOOKS],
            arrays["whole"][step // LOOKS], arrays["state"][step],
            arrays["onsets"][step],
        )  # fmt: skip
        found, wanted = brain.step(given), Outputs.of(expected)
        assert found.committed == pytest.approx(wanted.committed, abs=0.05)
        np.testing.assert_allclose(found.chunk, wanted.chunk, atol=1e-3)


@pytest.mark.parametrize(("sense", "names"), [("sees", ("crop", "whole")), ("hears", ("spectra",))])
def test_a_dead_sense_has_no_say(network, episode, sense, names):
    arrays = example(episode, Variation(), None)
    arrays["state"] = arrays["state"].copy()
    arrays["state"][:, STATE.index(sense)] = 0.0
    before = told(network, arrays)
    for name in names:
        arrays[name] = np.zeros_like(arrays[name])
    np.testing.assert_allclose(told(network, arrays), before, atol=1e-6)


def test_a_live_sense_has(network, episode):
    arrays = example(episode, Variation(), None)
    before = told(network, arrays)
    for name in ("crop", "spectra"):
        changed = {**arrays, name: np.zeros_like(arrays[name])}
        assert np.abs(told(network, changed) - before).max() > 1e-3


def test_what_comes_later_changes_nothing_told_before(network, episode):
    arrays = example(episode, Variation(), None)
    before = told(network, arrays)
    middle = len(before) // 2
    later = {name: np.array(arrays[name]) for name in ("crop", "whole", "state", "spectra")}
    later["crop"][-(-middle // LOOKS) :] = 0
    later["whole"][-(-middle // LOOKS) :] = 0
    later["state"][middle:] = 0.0
    later["spectra"][int(arrays["ends"][middle - 1]) :] = 0.0
    after = told(network, {**arrays, **later})
    np.testing.assert_allclose(after[:middle], before[:middle], atol=1e-5)
    assert np.abs(after[middle:] - before[middle:]).max() > 1e-3


@pytest.mark.parametrize("seed", range(20))
def test_the_rates_learnt_are_those_the_expert_chooses(seed):
    rng = np.random.default_rng(seed)
    outflow, poured, airborne, goal = rng.uniform(0, [80, 150, 5, 200])
    state = LiquidState(
        0, "", "", "", outflow_rate=outflow * 1e-6, target_volume=poured * 1e-6,
        airborne_volume=airborne * 1e-6,
    )  # fmt: skip
    expert = Expert.__new__(Expert)
    expert._truth, expert._config, expert._goal, expert._start = (
        lambda: state, Expert.__init__.__defaults__[0], goal * 1e-6, 0.0,
    )  # fmt: skip
    expert._tilting = type("Tilting", (), {"max_tilt": 2.3})()
    wish = expert._decide(None, 0.5)
    truth = torch.zeros(1, 1, len(TRUTH))
    for name, value in (("outflow", outflow), ("poured", poured), ("airborne", airborne)):
        truth[..., TRUTH.index(name)] = value
    rate = float(expert_rates(truth, torch.tensor([[goal]]))[0, 0])
    if wish.done:
        assert rate < -0.25
    else:
        assert rate == pytest.approx(wish.rate, abs=1e-5)


def test_a_chunk_holds_the_rates_of_this_step_and_the_next():
    found = chunks(torch.arange(20.0)[None])
    assert found.shape == (1, 20, CHUNK)
    assert found[0, 3].tolist() == [3, 4, 5, 6, 7, 8, 9, 10]
    assert found[0, -1].tolist() == [19.0] * CHUNK


def test_uncertain_outputs_have_a_positive_standard_deviation():
    outputs = Outputs.of(np.random.default_rng(0).normal(size=WIDTH))
    assert outputs.committed_error > 0
    assert outputs.fill_error > 0
