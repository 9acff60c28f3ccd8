"""The shipped eyes on pours of vessels and liquids that they were not trained on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from multigen_audio.flow.eye import PERIOD, Eye
from multigen_audio.flow.training.measure_eye import look
from multigen_audio.flow.training.train_eye import NETWORKS
from multigen_audio.flow.weights import weights_folder
from multigen_audio.pours.simulation import simulate
from multigen_core.types import CameraFrame

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


def test_nothing_flows_in_a_frozen_picture_until_pictures_change_again(eye, pour):
    flows = np.array([state.inflow_rate for state in pour.states[::10]])
    last = int(np.argmax(flows > 5e-6)) + 15
    frozen, moving = pour.cutaway[last], pour.cutaway[last + 1 : last + 21]
    repeated = [replace(frozen, stamp=frozen.stamp + i * PERIOD) for i in range(1, 26)]
    later = [replace(frame, stamp=frame.stamp + 25 * PERIOD) for frame in moving]
    eye.reset()
    for frame in pour.cutaway[: last + 1]:
        eye.see(frame)
    assert eye.doubt == ""
    first = [eye.see(frame)["flow"] for frame in repeated[:9]]
    assert np.concatenate(first).any()
    assert eye.doubt == ""
    eye.see(repeated[9])
    rest = [eye.see(frame)["flow"] for frame in repeated[10:]]
    assert not np.concatenate(rest).any()
    assert eye.doubt == "an image with flowing liquid has been frozen for 2 s"
    after = np.concatenate([eye.see(frame)["flow"] for frame in later])
    assert eye.doubt == ""
    assert (after[10:] > 0).mean() > 0.8 * (flows[last + 2 : last + 21] > 2e-7).mean()


def test_a_scene_in_which_nothing_moves_is_no_frozen_picture(eye, pour):
    eye.reset()
    first = pour.cutaway[0]
    for index in range(30):
        eye.see(replace(first, stamp=first.stamp + index * PERIOD))
        assert eye.doubt == ""


def test_black_pictures_are_doubted_after_a_second(eye, pour):
    eye.reset()
    first = pour.cutaway[0]
    eye.see(first)
    for index in range(1, 16):
        black = np.zeros_like(first.rgb)
        eye.see(CameraFrame(first.stamp + index * PERIOD, black, ""))
        assert bool(eye.doubt) == (index >= 10)
    assert eye.doubt == "images have been blank for 2 s"


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
