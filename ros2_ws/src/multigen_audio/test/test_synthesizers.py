from itertools import pairwise

import pytest

from multigen_audio.flow.synthesizer import Flow
from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import (
    Silent,
    Source,
    SynthesizerConfig,
    make_synthesizer,
    synthesizer_names,
)

KEPT = ("container_7",)


@pytest.mark.parametrize("name", ["", "default", "flow"])
def test_the_generative_one_is_the_default(name: str) -> None:
    assert isinstance(make_synthesizer(SynthesizerConfig(name)), Flow)


def test_physical_can_be_chosen() -> None:
    assert isinstance(make_synthesizer(SynthesizerConfig("physical")), Physical)


@pytest.mark.parametrize("view", ["cutaway", "public"])
def test_the_generative_one_sees_either_view(view: str) -> None:
    assert make_synthesizer(SynthesizerConfig("flow", view=view)).source is Source.FRAMES


def test_silence_can_be_chosen() -> None:
    assert isinstance(make_synthesizer(SynthesizerConfig("silent")), Silent)


def test_an_unknown_one_is_refused_naming_the_others() -> None:
    with pytest.raises(MultigenError, match=r"'typo' is not available; available: .*physical"):
        make_synthesizer(SynthesizerConfig("typo"))


def test_an_impossible_sample_rate_is_refused() -> None:
    with pytest.raises(MultigenError, match="multiple of 200"):
        make_synthesizer(SynthesizerConfig("physical", sample_rate=22_050))
    with pytest.raises(MultigenError, match="flow: sounds at 16000 Hz only, not 22050"):
        make_synthesizer(SynthesizerConfig("flow", sample_rate=22_050))


def test_a_device_is_a_wish_to_the_generative_one() -> None:
    assert isinstance(make_synthesizer(SynthesizerConfig("flow", device="cuda:1")), Flow)
    with pytest.raises(MultigenError, match="flow: device must be cpu, cuda or cuda:N, got 'gpu'"):
        make_synthesizer(SynthesizerConfig("flow", device="gpu"))


@pytest.mark.parametrize("name", synthesizer_names())
def test_every_synthesizer_covers_its_inputs_within_its_latency(name: str) -> None:
    try:
        synthesizer = make_synthesizer(SynthesizerConfig(name, recordings=KEPT))
    except MultigenError as error:
        pytest.skip(str(error))
    if synthesizer.source is Source.FRAMES:
        pytest.skip("pictures drive it")
    chunks = []
    states = list(steady_pour(stop=1.0, end=1.0, stamp=7_000_000_000))
    for state in states:
        synthesizer.push(state)
        chunks += synthesizer.pull()
        if chunks:
            assert state.stamp - chunks[-1].end <= synthesizer.latency * 1e9
    assert chunks[0].stamp == states[0].stamp
    assert all(b.stamp == a.end for a, b in pairwise(chunks))


def test_settings_of_physical_come_from_a_file(tmp_path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("noise_floor: -40\nroom: {decay: 0.2}\n")
    states = list(steady_pour(stop=0.1, end=0.5))
    noisy, quiet = (
        make_synthesizer(SynthesizerConfig("physical", checkpoint))
        for checkpoint in (str(file), "")
    )
    for state in states:
        noisy.push(state)
        quiet.push(state)
    assert noisy.pull()[0].samples.std() > 10 * quiet.pull()[0].samples[:100].std()
    file.write_text("noise: -40\n")
    with pytest.raises(MultigenError, match="noise: unknown key; valid keys: gain"):
        make_synthesizer(SynthesizerConfig("physical", str(file)))


def test_missing_recordings_are_one_line_that_says_what_is_expected(tmp_path) -> None:
    with pytest.raises(MultigenError, match=r"clips\.csv and audio/CLIP\.flac; .*MULTIGEN_REAL"):
        make_synthesizer(SynthesizerConfig("replay", str(tmp_path)))
