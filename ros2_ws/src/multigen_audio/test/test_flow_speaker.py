"""Speaking with small untrained networks: what holds whatever they have learnt."""

from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import pytest
import torch

from multigen_audio.flow.conditions import COLUMNS, Conditions
from multigen_audio.flow.features import FEATURES
from multigen_audio.flow.networks.mouth import BINS, Mouth, MouthConfig
from multigen_audio.flow.networks.voice import STEPS, Voice, VoiceConfig
from multigen_audio.flow.speaker import Speaker
from multigen_audio.flow.training import train_mouth, train_voice
from multigen_audio.flow.wandering import KEEPS, Wandering
from multigen_audio.flow.weights import MOUTH, VOICE, weights_folder
from multigen_audio.pours.scripted import steady_pour
from multigen_core.learning.loop import begin_from
from multigen_core.learning.mel import BANDS, HOP, LEAD
from multigen_core.learning.runtime import Network


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return Voice(VoiceConfig(width=24, blocks=2)), Mouth(MouthConfig(width=24, blocks=2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, networks):
    path = tmp_path_factory.mktemp("weights")
    voice, mouth = networks
    train_voice.save(voice, path)
    train_mouth.save(mouth, path)
    return path


@pytest.fixture
def speaker(folder):
    return Speaker(folder, seed=4)


@pytest.fixture(scope="module")
def pour():
    return Conditions.of_states(list(steady_pour(start=0.5, stop=2.0, end=3.0)))


def say(speaker, pour, cuts):
    edges = [0, *cuts, len(pour)]
    parts = [speaker.say(Conditions(pour.stamp, pour.values[a:b])) for a, b in pairwise(edges)]
    return np.concatenate(parts)


def test_noise_wanders_as_each_process_keeps_and_not_as_it_is_cut(rng) -> None:
    whole = Wandering(np.random.default_rng(1)).next(2000)
    np.testing.assert_allclose(whole.std(axis=(0, 2)), 1.0, atol=0.1)
    for index, keep in enumerate(KEEPS[:4]):
        line = whole[:, index]
        assert np.mean(line[1:] * line[:-1]) == pytest.approx(keep, abs=0.1)
    noise = Wandering(np.random.default_rng(1))
    parts = np.concatenate([noise.next(count) for count in (1, 7, 1992)])
    np.testing.assert_allclose(parts, whole, atol=1e-6)


def test_the_voice_gives_what_it_gives_in_torch(folder, networks, rng) -> None:
    told = rng.standard_normal((1, 40, FEATURES)).astype(np.float32)
    noise = Wandering(rng).next(40)[None]
    voice = networks[0]
    with torch.no_grad():
        memory = voice.memory().repeat(len(STEPS), 1, 1, 1, 1)
        expected, _ = voice(torch.from_numpy(told), torch.from_numpy(noise), memory)
    network = Network(folder, "voice", VOICE)
    found = [
        network.run(features=told[:, a:b], noise=noise[:, a:b])["spectra"]
        for a, b in ((0, 10), (10, 11), (11, 40))
    ]
    np.testing.assert_allclose(np.concatenate(found, 1), expected, atol=1e-4)


def test_the_mouth_gives_what_it_gives_in_torch(folder, networks, rng) -> None:
    spectra = rng.standard_normal((1, 40, BANDS)).astype(np.float32)
    noise = rng.standard_normal((1, 40, 2 * BINS)).astype(np.float32)
    mouth = networks[1]
    with torch.no_grad():
        expected, _ = mouth(torch.from_numpy(spectra), torch.from_numpy(noise), mouth.memory())
    network = Network(folder, "mouth", MOUTH)
    found = [
        network.run(spectra=spectra[:, a:b], noise=noise[:, a:b])["sound"]
        for a, b in ((0, 10), (10, 11), (11, 40))
    ]
    np.testing.assert_allclose(np.concatenate(found, 1), expected, atol=1e-4)


def test_the_shipped_weights_are_small_and_give_in_torch_what_they_give_without(rng) -> None:
    folder = weights_folder()
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20e6
    told = rng.standard_normal((1, 20, FEATURES)).astype(np.float32)
    noise = Wandering(rng).next(20)[None]
    voice = Voice(VoiceConfig())
    begin_from(voice, folder, "voice", VOICE)
    with torch.no_grad():
        memory = voice.memory().repeat(len(STEPS), 1, 1, 1, 1)
        expected, _ = voice(torch.from_numpy(told), torch.from_numpy(noise), memory)
    found = Network(folder, "voice", VOICE).run(features=told, noise=noise)["spectra"]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    mouth = Mouth(MouthConfig())
    begin_from(mouth, folder, "mouth", MOUTH)
    parts = rng.standard_normal((1, 20, 2 * BINS)).astype(np.float32)
    with torch.no_grad():
        expected, _ = mouth(torch.from_numpy(found), torch.from_numpy(parts), mouth.memory())
    sound = Network(folder, "mouth", MOUTH).run(spectra=found, noise=parts)["sound"]
    np.testing.assert_allclose(sound, expected, atol=1e-4 * float(np.abs(expected).max()))


def test_sound_in_training_is_that_of_speaking(folder, networks) -> None:
    """White spectra through the untrained mouth stay white noise of the same level."""
    torch.manual_seed(1)
    with torch.no_grad():
        sound = train_mouth.speak(networks[1], torch.zeros(2, 100, BANDS), nullcontext)
    assert sound.shape == (2, 100 * HOP)
    inner = sound[:, HOP:-HOP]
    assert float(inner.std()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("cuts", [(150,), tuple(range(10, 300, 10)), (1, 2, 3, 200)])
def test_sound_does_not_depend_on_how_conditions_are_cut(speaker, pour, cuts) -> None:
    whole = say(speaker, pour, ())
    speaker.reset()
    np.testing.assert_allclose(say(speaker, pour, cuts), whole, atol=1e-5)


class Counted:
    """A network that counts how many hops it is given."""

    def __init__(self, network):
        self._network = network
        self.hops = 0

    def run(self, **inputs):
        self.hops += inputs["noise"].shape[1]
        return self._network.run(**inputs)


@pytest.fixture(scope="module")
def pauses():
    """A pour, a silence of 4 s, a pour, one of 0.4 s, a pour: the networks remember 1.7 s."""
    edges = ((0.5, 2.0), (6.0, 7.0), (7.4, 8.0))
    states = [list(steady_pour(start=a, stop=b, end=9.0, volume=5e-5)) for a, b in edges]
    values = [Conditions.of_states(each).values for each in states]
    together = values[0].copy()
    for index, name in enumerate(COLUMNS):
        if name in ("flow", "impact_speed"):
            together[:, index] = sum(each[:, index] for each in values)
    return Conditions(0, together)


def test_what_is_said_after_a_silence_is_what_would_have_been_said_without_resting(pauses) -> None:
    speaker = Speaker(weights_folder(), seed=4)
    whole = say(speaker, pauses, ())  # in one piece there is no silence to rest in
    speaker.reset()
    parts = say(speaker, pauses, range(10, len(pauses), 10))
    assert np.abs(whole).max() > 0.05
    np.testing.assert_allclose(parts, whole, atol=1e-4)


def test_the_networks_rest_while_nothing_is_to_be_heard(speaker, pauses) -> None:
    speaker._voice = voice = Counted(speaker._voice)
    say(speaker, Conditions(0, pauses.values[:50]), (10, 20, 30, 40))
    assert voice.hops == 0
    say(speaker, Conditions(0, pauses.values[50:]), range(10, len(pauses) - 50, 10))
    assert len(pauses) / 3 < voice.hops < 0.75 * len(pauses)


def test_it_lags_by_its_delay_and_leaves_nothing_out(speaker, pour) -> None:
    assert len(say(speaker, pour, (50,))) == len(pour) * HOP - LEAD


def test_other_seeds_give_other_sound(folder, speaker, pour) -> None:
    other = say(Speaker(folder, seed=5), pour, ())
    assert np.corrcoef(say(speaker, pour, ()), other)[0, 1] < 0.2


def test_nothing_falling_is_a_rooms_noise_but_never_zeros(speaker, pour) -> None:
    sound = say(speaker, pour, ())
    before, pouring, after = sound[:7840], sound[9600:30_000], sound[40_000:]
    levels = [20 * np.log10(np.sqrt(np.mean(part**2))) for part in (before, pouring, after)]
    assert levels[1] - levels[0] > 25
    assert levels[1] - levels[2] > 25
    assert levels[0] > -85
    assert np.count_nonzero(before) == len(before)


def test_it_sounds_within_40_ms_of_the_first_impact(speaker, pour) -> None:
    sound = say(speaker, pour, ())
    first = int(np.argmax(pour["flow"] > 0.5e-6)) * HOP
    rms = np.sqrt(np.mean(sound[: len(sound) // 80 * 80].reshape(-1, 80) ** 2, axis=1))
    onset = int(np.argmax(rms > 10 * np.median(rms[:80]))) * 80
    assert 0 <= onset - first <= 0.04 * 16_000


def test_no_conditions_are_no_sound(speaker, pour) -> None:
    assert len(speaker.say(Conditions(0, pour.values[:0]))) == 0
