"""The shipped eyes on pours of vessels and liquids that they were not trained on."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from multigen_audio.flow.eye import Eye
from multigen_audio.flow.training.measure_eye import look
from multigen_audio.flow.training.train_eye import NETWORKS
from multigen_audio.flow.weights import weights_folder
from multigen_audio.pours.simulation import simulate

from .test_flow_eye import pictures


@pytest.fixture(scope="module")
def eye():
    return Eye(weights_folder())


@pytest.fixture(scope="module", params=[0, 1, 2])
def pour(request):
    return simulate(request.param, held_out=True)


def test_held_out_pours_are_measured(eye, pour):
    found = look(eye, pour, pour.cutaway)
    assert np.median(found.cents) < 50
    assert np.median(np.abs(found.onsets)) <= 0.04
    assert found.correlation > 0.8
    assert found.false_flow < 0.03
    assert found.missed_flow < 0.08


def test_nothing_flows_before_the_pour(eye, pour):
    eye.reset()
    parts = [eye.see(frame) for frame in pour.cutaway]
    flow = np.concatenate([part["flow"] for part in parts if part is not None])
    onset = next(i for i, state in enumerate(pour.states) if state.inflow_rate > 0)
    assert (flow[: onset - 10] == 0).all()


def test_lost_frames_cost_little(eye, pour):
    rng = np.random.default_rng(0)
    kept = [f for i, f in enumerate(pour.cutaway) if i == 0 or rng.random() > 0.2]
    found = look(eye, pour, kept)
    assert np.median(found.cents) < 50
    assert found.correlation > 0.8


def test_repeated_pictures_cost_little(eye, pour):
    rng = np.random.default_rng(0)
    frames = [
        type(f)(f.stamp, pour.cutaway[i - 1].rgb, "") if i and rng.random() < 0.1 else f
        for i, f in enumerate(pour.cutaway)
    ]
    assert np.median(look(eye, pour, frames).cents) < 50


@pytest.mark.parametrize("seed", [1, 2])
def test_the_public_camera_sees_the_flow_into_opaque_walls(seed):
    unseen = simulate(seed, False, public=True, held_out=True)
    assert unseen.target.opaque
    found = look(Eye(weights_folder(), "public"), unseen, unseen.public)
    assert np.median(found.cents) < 250
    assert np.abs(found.onsets).max() < 0.3
    assert found.correlation > 0.85
    assert found.false_flow < 0.05
    assert found.missed_flow < 0.05


@pytest.mark.parametrize("view", ["cutaway", "public"])
def test_torch_gives_the_same_with_the_shipped_weights(view):
    folder = weights_folder()
    network = NETWORKS[view]().folded()
    halves = load_file(folder / f"eye_{view}.safetensors")
    network.load_state_dict({name: torch.from_numpy(v) for name, v in halves.items()})
    eye = Eye(folder, view)
    frames = pictures(view, 6)
    with torch.no_grad():
        whole = network(
            torch.from_numpy(frames),
            torch.ones(1, 6, 1),
            torch.zeros(1, 1, 160),
            torch.zeros(1, network.seen),
        )
    for index in range(6):
        gap = np.ones((1, 1, 1), np.float32)
        found = eye._network.run(frame=frames[:, index : index + 1], gap=gap)
        for name, truth in zip(("rows", "hops", "slow"), whole, strict=False):
            np.testing.assert_allclose(found[name][0, 0], truth[0, index], atol=1e-4)
