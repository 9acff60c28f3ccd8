"""The eye: what it tells of frames that come as they should, and of those that do not."""

import itertools

import cv2
import numpy as np
import pytest
import torch

from multigen_audio.flow.conditions import Conditions
from multigen_audio.flow.eye import PERIOD, Eye
from multigen_audio.flow.networks.layers import MEMORY
from multigen_audio.flow.picture import SIZES, PictureError
from multigen_audio.flow.sight import HOPS
from multigen_audio.flow.training.train_eye import NETWORKS, save
from multigen_core.learning.weights import WeightsError
from multigen_core.types import NANOSECONDS, CameraFrame

START = 7 * NANOSECONDS


def pictures(view, count):
    """Noise, or for the camera something smooth, (1, T, H, W, 3).

    In noise, a thousandth of a pixel in where it cuts out what it looks at makes a difference.
    """
    rng = np.random.default_rng(0)
    if view == "cutaway":
        return rng.integers(0, 256, (1, count, *SIZES[view], 3), np.uint8)
    coarse = rng.integers(0, 256, (count, 6, 8, 3), np.uint8)
    return np.stack([cv2.resize(frame, SIZES[view][::-1]) for frame in coarse])[None]


def network_of(view):
    torch.manual_seed(0)
    return NETWORKS[view]()


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eye")
    for view in NETWORKS:
        save(network_of(view), folder)
    return folder


@pytest.fixture
def eye(untrained):
    return Eye(untrained)


def frames(count, period=PERIOD, view="cutaway", start=START):
    rng = np.random.default_rng(1)
    shape = (*SIZES[view], 3)
    return [
        CameraFrame(start + i * period, rng.integers(0, 256, shape, np.uint8), "")
        for i in range(count)
    ]


def told(eye, given):
    parts = [part for part in map(eye.see, given) if part is not None]
    for before, after in itertools.pairwise(parts):
        assert after.stamp == before.end
    return Conditions(parts[0].stamp, np.concatenate([part.values for part in parts]))


@pytest.mark.parametrize("view", ["cutaway", "public"])
def test_every_frame_but_the_first_tells_ten_hops(untrained, view):
    eye = Eye(untrained, view)
    given = frames(5, view=view)
    assert eye.see(given[0]) is None
    for index, frame in enumerate(given[1:]):
        part = eye.see(frame)
        assert part.stamp == START + index * PERIOD
        assert len(part) == HOPS
        assert np.isfinite(part.values).all()


def test_frames_in_between_change_nothing(eye):
    slow = frames(6)
    rng = np.random.default_rng(2)
    extra = [
        CameraFrame(frame.stamp + part, rng.integers(0, 256, (128, 160, 3), np.uint8), "")
        for frame in slow[:-1]
        for part in (PERIOD // 3, 2 * PERIOD // 3)
    ]
    alone = told(eye, slow)
    eye.reset()
    among = told(eye, sorted([*slow, *extra], key=lambda frame: frame.stamp))
    assert np.array_equal(alone.values, among.values)


@pytest.mark.parametrize("rate", [11, 15, 25, 30, 60])
def test_any_rate_tells_every_hop_once(eye, rate):
    given = frames(2 * rate, NANOSECONDS // rate)
    found = told(eye, given)
    assert found.stamp == START
    assert given[-1].stamp - 1.2 * PERIOD < found.end <= given[-1].stamp


def test_missing_frames_are_bridged(eye):
    given = frames(8)
    found = told(eye, [*given[:3], *given[6:]])
    assert len(found) == 7 * HOPS
    steady = found["air_column"][2 * HOPS : 6 * HOPS]
    assert np.ptp(np.diff(steady)) < 1e-4


def test_late_and_repeated_frames_are_passed_over_and_counted(eye):
    given = frames(5)
    whole = told(eye, given)
    eye.reset()
    shuffled = [given[0], given[1], given[1], given[2], given[1], given[3], given[4]]
    assert np.array_equal(told(eye, shuffled).values, whole.values)
    assert eye.late == 2


def test_blank_frames_hold_what_was_seen_and_then_the_flow_ends(eye):
    given = frames(14)
    black = [CameraFrame(f.stamp, np.zeros_like(f.rgb), "") for f in given]
    clear = told(eye, given[:4])
    dark = told(eye, black[4:])
    assert eye.blank == 10
    assert len(dark) == 10 * HOPS
    assert np.ptp(dark["resonance"]) == 0
    np.testing.assert_allclose(dark["resonance"], clear["resonance"][-1], rtol=1e-3)
    assert (dark["flow"][:HOPS] > 0).any() == (clear["flow"][-1] > 0)
    assert (dark["flow"][4 * HOPS :] == 0).all()


def test_a_stream_may_begin_blank(eye):
    black = CameraFrame(START, np.zeros((128, 160, 3), np.uint8), "")
    later = frames(3, start=START + PERIOD)
    found = told(eye, [black, *later])
    assert len(found) == 3 * HOPS
    assert (found["resonance"] > 0).all()


@pytest.mark.parametrize("jump", [-2 * NANOSECONDS, 3 * NANOSECONDS])
def test_a_clock_that_jumps_starts_anew(eye, jump):
    fresh = told(eye, frames(4, start=START + jump))
    eye.reset()
    for frame in frames(4):
        eye.see(frame)
    again = frames(4, start=START + jump)
    assert eye.see(again[0]) is None
    assert again[0].stamp == START + jump
    rest = [eye.see(frame).values for frame in again[1:]]
    assert np.array_equal(np.concatenate(rest), fresh.values)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((128, 160), np.uint8), "expected 8-bit RGB"),
        (np.zeros((128, 160, 4), np.uint8), "expected 8-bit RGB"),
        (np.zeros((128, 160, 3), np.float32), "float32"),
        (np.zeros((128, 128, 3), np.uint8), "128x128, the cutaway view is 160x128"),
        (np.zeros((48, 60, 3), np.uint8), "60x48"),
        (np.zeros((0, 0, 3), np.uint8), "0x0"),
    ],
)
def test_what_is_no_picture_of_the_view_is_named(eye, pixels, words):
    with pytest.raises(PictureError, match=words):
        eye.see(CameraFrame(START, pixels, ""))


@pytest.mark.parametrize(("view", "relative"), [("cutaway", 1e-7), ("public", 3e-4)])
def test_torch_and_runtime_agree_on_frames_that_come_in_turn(untrained, view, relative):
    network = network_of(view).folded()
    with torch.no_grad():
        for value in network.state_dict().values():
            value.copy_(value.half().float())
    given = pictures(view, 12)
    gap = np.ones((1, 12, 1), np.float32)
    gap[:, [4, 9]] = 3.0
    with torch.no_grad():
        told = network(
            torch.from_numpy(given),
            torch.from_numpy(gap),
            torch.zeros(1, 1, MEMORY),
            torch.zeros(1, network.seen),
        )
    eye = Eye(untrained, view)
    for index in range(12):
        now = slice(index, index + 1)
        found = eye._network.run(frame=given[:, now], gap=gap[:, now])
        for name, whole in zip(("rows", "hops", "slow"), told, strict=False):
            np.testing.assert_allclose(found[name][0, 0], whole[0, index], relative, 1e-4)


def test_weights_of_another_view_are_refused(untrained, tmp_path):
    with pytest.raises(WeightsError):
        Eye(tmp_path, "public")
