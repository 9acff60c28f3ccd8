"""The synthesizer of pictures, with an eye that was told and small untrained networks."""

from itertools import chain, pairwise

import numpy as np
import pytest
import torch

from multigen_audio.flow.conditions import HOP, Conditions
from multigen_audio.flow.networks.mouth import Mouth, MouthConfig
from multigen_audio.flow.networks.voice import Voice, VoiceConfig
from multigen_audio.flow.speaker import Speaker
from multigen_audio.flow.synthesizer import Flow
from multigen_audio.flow.training import train_mouth, train_voice
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.stream import SoundStream
from multigen_core.types import CameraFrame, LiquidState

FRAME = 100_000_000
BEGIN = 3_000_000_000


class Told:
    """An eye that knows the truth of a pour instead of looking; it uses pictures 0.1 s apart."""

    period = 0.1
    doubt = ""

    def __init__(self) -> None:
        self._states = list(steady_pour(start=0.4, stop=2.0, end=3.0, stamp=BEGIN))
        self.reset()

    def reset(self) -> None:
        self._end = None

    def see(self, frame: CameraFrame) -> Conditions | None:
        if self._end is None:
            self._end = frame.stamp
        count = (frame.stamp - self._end) // HOP
        if frame.stamp - self._end < FRAME - HOP // 2:
            return None
        seen = Conditions.of_states(self._states, self._end, count)
        self._end = seen.end
        return seen


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    train_voice.save(Voice(VoiceConfig(width=24, blocks=2)), path)
    train_mouth.save(Mouth(MouthConfig(width=24, blocks=2)), path)
    return path


@pytest.fixture
def flow(folder):
    return Flow(Told(), Speaker(folder))


def frame(stamp: int) -> CameraFrame:
    return CameraFrame(stamp, np.zeros((4, 4, 3), np.uint8), "view")


def frames(rate: float, seconds: float = 3.0) -> list[CameraFrame]:
    return [frame(BEGIN + round(i * 1e9 / rate)) for i in range(round(seconds * rate) + 1)]


def listen(flow, pictures, at_once=False):
    chunks = []
    for picture in pictures:
        flow.push(picture)
        if not at_once:
            chunks += flow.pull()
    return chunks + flow.pull()


@pytest.mark.parametrize("rate", [10, 30])
def test_sound_covers_the_pictures_within_its_latency(flow, rate) -> None:
    chunks = []
    for picture in frames(rate):
        flow.push(picture)
        chunks += flow.pull()
        if chunks:
            assert picture.stamp - chunks[-1].end <= flow.latency * 1e9
    assert chunks[0].stamp == BEGIN
    assert all(b.stamp - a.end in (0, 1) for a, b in pairwise(chunks))
    assert flow.latency < 0.15


def test_sound_does_not_depend_on_when_it_is_pulled(flow) -> None:
    one = np.concatenate([c.samples for c in listen(flow, frames(10))])
    flow.reset()
    other = np.concatenate([c.samples for c in listen(flow, frames(10), at_once=True)])
    np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("rate", [10, 30])
def test_a_batch_gives_each_frame_the_sound_that_it_completes(flow, rate) -> None:
    pictures = [*frames(rate)[:40], frame(BEGIN + 9_000_000_000), frame(BEGIN + 9_100_000_000)]
    one = []
    for picture in pictures:
        flow.push(picture)
        one.append(flow.pull())
    flow.reset()
    other = flow.batch(pictures[:25]) + flow.batch(pictures[25:])
    assert [len(given) for given in other] == [len(given) for given in one]
    assert sum(map(len, one)) > 10
    for first, second in zip(chain(*one), chain(*other), strict=True):
        assert second.stamp == first.stamp
        np.testing.assert_allclose(second.samples, first.samples, atol=1e-5)


def test_a_reset_begins_anew(flow) -> None:
    first = listen(flow, frames(10, 1.0))
    flow.reset()
    again = listen(flow, frames(10, 1.0))
    assert again[0].stamp == BEGIN
    np.testing.assert_array_equal(first[-1].samples, again[-1].samples)


def test_missing_pictures_are_bridged(flow) -> None:
    pictures = frames(10)
    del pictures[12:14]
    stream = SoundStream(flow, 320, 10)
    chunks = []
    for picture in pictures:
        stream.push(picture)
        chunks += stream.pull()
    assert stream.gaps == 0
    assert all(b.stamp - a.stamp == 20_000_000 for a, b in pairwise(chunks))


def test_after_a_gap_the_old_sound_fades_and_nothing_of_it_remains(flow) -> None:
    pictures = frames(10)[:11]
    later = [frame(picture.stamp + 2_500_000_000) for picture in frames(10)[:6]]
    stream = SoundStream(flow, 320, 10)
    chunks = []
    for picture in pictures + later:
        stream.push(picture)
        chunks += stream.pull()
    assert stream.gaps == 1
    before = [c for c in chunks if c.stamp < later[0].stamp]
    after = [c for c in chunks if c.stamp >= later[0].stamp]
    assert np.abs(before[-2].samples).max() > 3e-3
    assert before[-1].samples[-1] == 0.0
    assert np.abs(np.diff(before[-1].samples)).max() < 2 * np.abs(before[-2].samples).max()
    assert np.abs(np.concatenate([c.samples for c in after])).max() < 2e-3


def test_a_stamp_that_does_not_rise_is_refused(flow) -> None:
    flow.push(frame(BEGIN))
    with pytest.raises(ValueError, match="is not later"):
        flow.push(frame(BEGIN))


def test_liquid_states_are_refused(flow) -> None:
    with pytest.raises(TypeError, match="takes images, got LiquidState"):
        flow.push(LiquidState(0, "kettle", "mug", "water"))
