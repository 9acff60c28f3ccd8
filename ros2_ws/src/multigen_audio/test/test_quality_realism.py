"""Fréchet distance, two-sample test, embeddings, and what is made of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.quality.embedding import DIMENSIONS, Embedding, trained, untrained
from multigen_audio.quality.frechet import frechet_distance
from multigen_audio.quality.realism import Realism, embed_recordings, shared_count
from multigen_audio.quality.train_embedding import EmbeddingNetwork
from multigen_audio.quality.two_sample import two_sample_auc
from multigen_audio.quality.windows import windows
from multigen_core.learning.weights import WeightsError

RATE = 16_000


def poured(target: str, seed: int) -> np.ndarray:
    synthesizer = Physical(seed)
    for state in steady_pour(target, flow=30e-6, start=0.0, stop=10.0, end=10.0):
        synthesizer.push(state)
    return synthesizer.pull()[0].samples.astype(float)


@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 3))
def test_the_distance_of_normal_sets_is_that_of_their_moments(shift, scale) -> None:
    points = np.random.default_rng(1).standard_normal((2000, 3))
    # |shift|^2 in each of three dimensions, (1 - scale)^2 for each deviation
    expected = 3 * shift**2 + 3 * (1 - scale) ** 2
    mean = points.mean(axis=0)
    exact = frechet_distance(points, (points - mean) * scale + mean + shift)
    assert exact == pytest.approx(expected, rel=0.1, abs=1e-6)


def test_only_sets_of_equal_size_are_compared() -> None:
    with pytest.raises(ValueError, match="equal size"):
        frechet_distance(np.zeros((4, 2)), np.zeros((5, 2)))


def test_a_classifier_tells_what_differs_and_nothing_else(rng) -> None:
    first = [rng.standard_normal((80, 5)) for _ in range(6)]
    same = [rng.standard_normal((80, 5)) for _ in range(6)]
    other = [windows + 3 * np.eye(5)[0] for windows in same]
    assert two_sample_auc(first, other) > 0.95
    assert two_sample_auc(first, same) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("weights", [untrained, trained])
def test_embeddings_know_no_loudness_and_tell_noise_from_pours(weights, rng) -> None:
    embedding = Embedding(weights())
    first, second = (
        embedding(np.concatenate([poured("straight_glass", seed), poured("jar", seed)]))
        for seed in (0, 1)
    )
    assert first.shape[1] == DIMENSIONS
    sound = poured("mug", 0)
    assert np.allclose(embedding(sound), embedding(0.03 * sound), atol=1e-3)
    noise = embedding(rng.standard_normal(21 * RATE))[: len(first)]
    assert frechet_distance(first, noise) > 5 * frechet_distance(first, second)


def test_the_untrained_embedding_never_changes() -> None:
    picture = np.linspace(-3, 1, 100 * 80, dtype=np.float32).reshape(1, 100, 80)
    first = Embedding(untrained()).embed(picture)[0, :3]
    assert first == pytest.approx([0.71467, 0.355175, -0.578704], rel=1e-4)


def test_numpy_runs_the_network_that_torch_trains(rng) -> None:
    network = EmbeddingNetwork()
    weights = {
        f"conv{index}.{name}": value.detach().numpy()
        for index, convolution in enumerate(network.convolutions)
        for name, value in convolution.named_parameters()
    }
    weights |= {f"project.{n}": v.detach().numpy() for n, v in network.project.named_parameters()}
    pictures = rng.standard_normal((3, 100, 80)).astype(np.float32)
    expected = network.embed(torch.from_numpy(pictures)).detach().numpy()
    assert Embedding(weights).embed(pictures) == pytest.approx(expected, abs=1e-4)


def test_short_and_silent_sounds_have_no_windows() -> None:
    for sound in (np.zeros(0), np.ones(RATE // 2), np.zeros(3 * RATE)):
        pictures, middles = windows(sound)
        assert len(pictures) == len(middles) == 0
    assert len(Embedding(untrained())(np.zeros(3 * RATE))) == 0


def test_windows_know_no_loudness_and_leave_pauses_out(rng) -> None:
    sound = rng.standard_normal(9 * RATE)
    sound[3 * RATE : 6 * RATE] *= 1e-3
    sound[6 * RATE :] *= 0.5
    pictures, middles = windows(sound)
    assert not ((middles > 3.5) & (middles < 5.5)).any()
    assert pictures.mean(axis=(1, 2)) == pytest.approx(0, abs=0.01)
    assert pictures[middles > 6.5].mean(axis=(0, 1)) == pytest.approx(
        pictures[middles < 2.5].mean(axis=(0, 1)), abs=0.3
    )


def test_missing_and_foreign_weights_are_refused(tmp_path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        trained(tmp_path)
    (tmp_path / "embedding.safetensors").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="cannot be read"):
        trained(tmp_path)


def cloud(rng, names: str, shift: float = 0.0, count: int = 60) -> dict:
    return {name: {"fixed": rng.standard_normal((count, 4)) + shift} for name in names}


def test_generated_is_measured_by_how_far_real_is_from_real(rng) -> None:
    realism = Realism(cloud(rng, "ab"), cloud(rng, "cdef", 0.3), 40)
    floor = realism.floor()
    assert realism.windows == 80
    near, far = realism.of(cloud(rng, "ab", 0.1)), realism.of(cloud(rng, "ab", 3.0))
    assert near.frechet["fixed"] < floor.frechet["fixed"] < far.frechet["fixed"]
    low, high = floor.spread["fixed"]
    assert low <= floor.frechet["fixed"] <= high
    assert near.auc < far.auc
    assert far.auc > 0.95


def test_there_is_no_floor_without_enough_other_vessels(rng) -> None:
    assert Realism(cloud(rng, "ab"), cloud(rng, "c"), 40).floor() is None
    assert Realism(cloud(rng, "ab"), cloud(rng, "cd", count=30), 40).floor() is None


def test_as_many_windows_are_compared_as_every_kind_has(rng) -> None:
    assert shared_count([cloud(rng, "ab"), cloud(rng, "ab", count=25)], ["a", "b"]) == 25
    assert shared_count([cloud(rng, "ab"), cloud(rng, "ab", count=3)], ["a", "b"]) == 0
    assert shared_count([cloud(rng, "ab"), cloud(rng, "a")], ["a", "b"]) == 0


def test_no_more_windows_are_compared_than_enough_other_vessels_have(rng) -> None:
    kinds = [cloud(rng, "ab")]
    others = {**cloud(rng, "cd", count=30), **cloud(rng, "e", count=20)}
    count = shared_count(kinds, ["a", "b"], others)
    assert count == 30
    assert Realism(kinds[0], others, count).floor() is not None
    assert shared_count(kinds, ["a", "b"], cloud(rng, "c", count=30)) == 60


def test_recordings_that_are_no_sound_are_left_out_by_name(recordings, tmp_path) -> None:
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"no sound")
    wrong = replace(recordings[0], path=broken)
    found, skipped = embed_recordings([wrong, recordings[1]], {"fixed": Embedding(untrained())})
    assert len(found["cup"]["fixed"]) > 10
    assert len(skipped) == 1
    assert "broken.flac" in skipped[0]
