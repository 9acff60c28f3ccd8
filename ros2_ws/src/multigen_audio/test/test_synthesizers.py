from itertools import pairwise

import pytest

from multigen_audio.physical import Physical
from multigen_audio.scripted import steady_pour
from multigen_audio.synthesizers import SYNTHESIZERS, SynthesizerConfig, make_synthesizer
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import Silent


@pytest.mark.parametrize("name", ["", "default", "physical"])
def test_physical_is_the_default(name: str) -> None:
    assert isinstance(make_synthesizer(SynthesizerConfig(name)), Physical)


def test_silence_can_be_chosen() -> None:
    assert isinstance(make_synthesizer(SynthesizerConfig("silent")), Silent)


@pytest.mark.parametrize("name", ["flow", "replay", "mmaudio", "typo"])
def test_an_unavailable_one_is_refused_naming_the_others(name: str) -> None:
    with pytest.raises(MultigenError, match=f"'{name}' is not available; available: physical"):
        make_synthesizer(SynthesizerConfig(name))


def test_an_impossible_sample_rate_is_refused() -> None:
    with pytest.raises(MultigenError, match="multiple of 200"):
        make_synthesizer(SynthesizerConfig(sample_rate=22_050))


@pytest.mark.parametrize("name", SYNTHESIZERS)
def test_every_synthesizer_covers_its_inputs_within_its_latency(name: str) -> None:
    synthesizer = make_synthesizer(SynthesizerConfig(name))
    chunks = []
    states = list(steady_pour(stop=1.0, end=1.0, stamp=7_000_000_000))
    for state in states:
        synthesizer.push(state)
        chunks += synthesizer.pull()
        if chunks:
            assert state.stamp - chunks[-1].end <= synthesizer.latency * 1e9
    assert chunks[0].stamp == states[0].stamp
    assert all(b.stamp == a.end for a, b in pairwise(chunks))
