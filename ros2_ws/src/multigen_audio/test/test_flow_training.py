"""Training on a folder of recordings and a few simulated pours, only a few steps."""

import argparse

import numpy as np
import pytest

from multigen_audio.flow.features import FEATURES
from multigen_audio.flow.training import train_audio_command, train_mouth, train_voice
from multigen_audio.flow.training.examples import recorded, recorded_examples, scripted_examples
from multigen_audio.flow.wandering import KEEPS
from multigen_audio.flow.weights import MOUTH, VOICE
from multigen_audio.recorded.splits import HELD_OUT, split
from multigen_core.errors import MultigenError
from multigen_core.learning.mel import BANDS, HOP
from multigen_core.learning.runtime import Network
from multigen_core.world.acoustics import cents

KINDS = {"voice": VOICE, "mouth": MOUTH}


@pytest.fixture
def few(monkeypatch):
    """Make examples few and batches small."""
    for module in (train_voice, train_mouth):
        monkeypatch.setattr(module, "POURS", 1)
        monkeypatch.setattr(module, "_REAL", 1)
        monkeypatch.setattr(module, "_PHYSICAL", 1)
    monkeypatch.setattr(train_voice, "SCRIPTED", 1)


def run(*arguments):
    parser = argparse.ArgumentParser()
    train_audio_command.register(parser)
    options = parser.parse_args([str(argument) for argument in arguments])
    options.run(options)


def test_a_recordings_conditions_follow_its_resonance(recordings) -> None:
    example = recorded(recordings[0])
    now = example.conditions
    assert example.sound.shape == (len(now) * HOP,)
    heard = now["resonance"] > 0
    assert heard.mean() > 0.4
    true = 331.3 * np.sqrt(1 + 20 / 273.15) / 4 / (now["air_column"] + 0.62 * 0.03)
    assert np.median(np.abs(cents(now["resonance"][heard], true[heard]))) < 120
    assert now["flow"][0] == pytest.approx(0.9 * now["capacity"][0] / 9.0, rel=0.2)
    assert np.sqrt(np.mean(example.sound**2)) == pytest.approx(1.0, rel=0.3)


def test_scripted_pours_reach_low_and_high_resonances() -> None:
    examples = scripted_examples(range(12))
    heard = np.concatenate([e.conditions["resonance"][e.use] for e in examples])
    assert heard.min() < 400
    assert heard.max() > 2000
    assert all(np.isfinite(e.sound).all() for e in examples)


def test_held_out_containers_are_never_trained_on(real_recordings) -> None:
    train, kept = split(real_recordings)
    assert {r.container for r in kept} == set(HELD_OUT)
    assert not {r.container for r in train} & set(HELD_OUT)
    assert len(train) + len(kept) == len(real_recordings)


def test_a_folder_without_held_out_containers_can_be_trained_on(recorded_folder) -> None:
    assert len(recorded_examples(recorded_folder, print)) == 3
    assert recorded_examples(recorded_folder, print, held_out=True) == []


@pytest.mark.parametrize("network", ["voice", "mouth"])
def test_training_goes_on_where_it_was_and_can_begin_from_weights(
    few, recorded_folder, tmp_path, capsys, network
) -> None:
    common = ("--data", recorded_folder, "--out")
    run(network, *common, tmp_path, "--steps", 2)
    run(network, *common, tmp_path, "--steps", 3)
    assert f"{network} 3/3" in capsys.readouterr().out
    tuned = tmp_path / "tuned"
    run(network, *common, tuned, "--steps", 1, "--start", tmp_path)
    net = Network(tuned, network, KINDS[network])
    if network == "voice":
        told, noise = np.zeros((1, 5, FEATURES)), np.zeros((1, 5, len(KEEPS), BANDS))
        found = net.run(features=told.astype(np.float32), noise=noise.astype(np.float32))
        assert np.isfinite(found["spectra"]).all()


def test_missing_recordings_end_it_before_anything_is_written(tmp_path) -> None:
    with pytest.raises(MultigenError, match=r"no recordings: expected a folder with clips"):
        run("all", "--data", tmp_path, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_ends_it(tmp_path, recorded_folder) -> None:
    with pytest.raises(MultigenError, match="device 'nonsense' is unknown; expected cpu, or cuda"):
        run("voice", "--data", recorded_folder, "--out", tmp_path, "--device", "nonsense")


def test_weights_of_another_network_are_no_beginning(few, recorded_folder, tmp_path) -> None:
    with pytest.raises(MultigenError, match=r"voice\.safetensors: cannot be read"):
        run("voice", "--data", recorded_folder, "--out", tmp_path, "--start", tmp_path / "none")


@pytest.mark.parametrize("network", ["eye", "eye_public", "all", "embedding"])
def test_only_voice_and_mouth_begin_from_weights(network, tmp_path) -> None:
    with pytest.raises(MultigenError, match="--start is for voice and mouth only"):
        run(network, "--out", tmp_path, "--start", tmp_path)
