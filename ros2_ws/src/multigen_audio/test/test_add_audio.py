import hashlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from multigen_audio.add_audio import add_audio
from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_core.bags import BagError, BagReader, BagWriter, MissingTopicError
from multigen_core.cli import main
from multigen_core.contract import (
    AUDIO,
    AUDIO_INFO,
    AUDIO_VIEW,
    AUDIO_VIEW_FRAME,
    CAMERA_FRAME,
    IMAGE_COMPRESSED,
    LIQUID_STATE,
)
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import Source
from multigen_core.types import AudioChunk, CameraFrame

RATE = 16_000
START = 4_000_000_000
TOPICS = (LIQUID_STATE, IMAGE_COMPRESSED, AUDIO)


class Shade:
    """A level for every picture, its shade; sound comes `latency` late, as many samples."""

    source = Source.FRAMES
    sample_rate = RATE
    latency = 0.25

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._frames: list[CameraFrame] = []
        self._given = 0

    def push(self, item) -> None:
        if item.rgb.max() == 255:
            raise MultigenError("this picture is too bright")
        self._frames.append(item)

    def pull(self) -> list[AudioChunk]:
        origin = self._frames[0].stamp
        ready = round((self._frames[-1].stamp - origin - 2.5e8) / 1e9 * RATE)
        if ready <= self._given:
            return []
        time = origin + np.arange(self._given, ready) / RATE * 1e9
        index = np.searchsorted([frame.stamp for frame in self._frames], time, "right") - 1
        level = np.array([frame.rgb.mean() for frame in self._frames])[index] / 255
        stamp = origin + round(self._given / RATE * 1e9)
        self._given = ready
        return [AudioChunk(stamp, level.astype(np.float32), RATE)]


def frame(stamp: int, shade: int, frame_id: str) -> CameraFrame:
    return CameraFrame(stamp, np.full((32, 48, 3), shade, np.uint8), frame_id)


@pytest.fixture
def bag(tmp_path):
    """Liquid states, camera pictures and old sound of 2 s."""
    return write(tmp_path / "pour")


def write(path, hearing=False, namespace="/", bright=None):
    topics = (*TOPICS, AUDIO_VIEW) if hearing else TOPICS
    with BagWriter(path, topics, {"scene": "bar", "synthesizer": "old"}, namespace) as writer:
        for index, state in enumerate(steady_pour(stop=1.5, end=2.0, stamp=START)):
            writer.write(LIQUID_STATE, state, state.stamp)
            if index % 5 == 0:
                shade = 255 if bright == index // 5 else 5 * (index // 5)
                camera = frame(state.stamp, 200, CAMERA_FRAME)
                writer.write(IMAGE_COMPRESSED, camera, state.stamp)
                if hearing:
                    view = frame(state.stamp, shade, AUDIO_VIEW_FRAME)
                    writer.write(AUDIO_VIEW, view, state.stamp)
            old = AudioChunk(state.stamp, np.full(320, 0.5, np.float32), RATE)
            writer.write(AUDIO, old, old.end)
    return path


def fingerprint(path) -> dict:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in path.iterdir()}


def sound(path) -> tuple[int, np.ndarray]:
    with BagReader(path) as reader:
        chunks = reader.items(AUDIO)
    assert all(b.stamp == a.end for a, b in pairwise(chunks))
    return chunks[0].stamp, np.concatenate([chunk.samples for chunk in chunks])


def test_the_copy_has_the_synthesizers_sound_and_all_else_as_it_was(bag, tmp_path) -> None:
    before = fingerprint(bag)
    out = tmp_path / "sounding"
    added = add_audio(bag, out, Physical(), {"synthesizer": "physical"})
    assert fingerprint(bag) == before
    assert added.replaced
    assert added.seconds == pytest.approx(2.0, abs=0.03)
    synthesizer = Physical()
    for state in steady_pour(stop=1.5, end=2.0, stamp=START):
        synthesizer.push(state)
    expected = synthesizer.pull()[0].samples
    stamp, samples = sound(out)
    assert stamp == START
    # beyond the fade-in of a stream; 16 bits
    assert samples[200:] == pytest.approx(expected[200 : len(samples)], abs=1 / 32000)
    with BagReader(bag) as old, BagReader(out) as new:
        kept = (LIQUID_STATE, IMAGE_COMPRESSED)
        assert [bytes(d) for _, _, d in new.raw(*kept)] == [bytes(d) for _, _, d in old.raw(*kept)]
        assert new.metadata["scene"] == "bar"
        assert new.metadata["synthesizer"] == "physical"
        assert new.count(AUDIO_INFO) == 1
        times = [time for _, time, _ in new.raw()]
        assert times == sorted(times)


def test_pictures_of_the_hearing_view_sound_to_the_last(tmp_path) -> None:
    bag = write(tmp_path / "seen", hearing=True)
    add_audio(bag, tmp_path / "out", Shade(), {})
    stamp, samples = sound(tmp_path / "out")
    assert stamp == START
    assert len(samples) == 2 * RATE
    # the picture shown then, for all of its 0.1 s, although sound lags by 0.25 s
    shown = samples[800::1600] * 255
    assert shown == pytest.approx(5 * np.arange(20), abs=0.1)


def test_the_cameras_pictures_can_be_used_instead(bag, tmp_path) -> None:
    add_audio(bag, tmp_path / "out", Shade(), {}, view="public")
    assert sound(tmp_path / "out")[1][1000:] == pytest.approx(200 / 255, abs=0.02)


def test_a_bag_without_hearing_view_says_how_to_record_it(bag, tmp_path) -> None:
    with pytest.raises(
        MissingTopicError, match=r"no simulator/audio_view/image_raw.*hearing_view:=true"
    ):
        add_audio(bag, tmp_path / "out", Shade(), {})
    assert not (tmp_path / "out").exists()


def test_a_namespace_is_kept(tmp_path) -> None:
    bag = write(tmp_path / "named", namespace="/left")
    add_audio(bag, tmp_path / "out", Physical(), {})
    with BagReader(tmp_path / "out") as reader:
        names = {connection.topic for connection in reader.connections}
    assert "/left/audio/audio_stamped" in names
    assert "/left/audio/audio_info" in names
    assert len(names) == 4


def test_nothing_is_left_of_what_fails(tmp_path) -> None:
    bag = write(tmp_path / "seen", hearing=True, bright=12)
    before = fingerprint(bag)
    with pytest.raises(MultigenError, match="too bright"):
        add_audio(bag, tmp_path / "out", Shade(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["seen"]
    assert fingerprint(bag) == before


def test_an_existing_bag_is_never_overwritten(bag, tmp_path) -> None:
    other = write(tmp_path / "other")
    before = fingerprint(other)
    for target in (other, bag):
        with pytest.raises(BagError, match="already exists"):
            add_audio(bag, target, Physical(), {})
    assert fingerprint(other) == before


def test_the_command_tells_what_it_did(bag, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["add-audio", str(bag), "--synthesizer", "silent", "-o", str(out)]) == 0
    assert "replaced by 2.0 s of silent from /simulator/liquid_state" in capsys.readouterr().out
    assert not sound(out)[1].any()
    with BagReader(out) as reader:
        assert reader.metadata["synthesizer_checkpoint"] == ""
    loud = tmp_path / "loud.yaml"
    loud.write_text("gain: 12.0\n")
    options = ("--synthesizer", "physical", "--synthesizer-checkpoint", str(loud))
    assert main(["add-audio", str(bag), *options, "-o", str(tmp_path / "loud")]) == 0
    assert np.abs(sound(tmp_path / "loud")[1]).max() > 0.2
    with BagReader(tmp_path / "loud") as reader:
        assert reader.metadata["synthesizer_checkpoint"] == str(loud)
    assert main(["add-audio", str(tmp_path / "none"), "-o", str(tmp_path / "x")]) == 1
    assert "no such file or directory" in capsys.readouterr().err


def test_a_missing_picture_is_a_gap_that_is_told(tmp_path) -> None:
    path = tmp_path / "gap"
    with BagWriter(path, (LIQUID_STATE,), {}) as writer:
        for state in steady_pour(stop=1.5, end=2.0, stamp=START):
            if not START + 800_000_000 < state.stamp < START + 1_200_000_000:
                writer.write(LIQUID_STATE, state, state.stamp)
        last = replace(state, stamp=state.stamp - 10_000_000)
        writer.write(LIQUID_STATE, last, state.stamp)
    added = add_audio(path, tmp_path / "out", Physical(), {})
    assert (added.gaps, added.late, added.replaced) == (1, 1, False)


DAY = 86_400 * 10**9


@pytest.mark.parametrize("jump", [DAY, 20_000 * DAY, -DAY])
def test_sound_begins_anew_where_the_clock_of_its_inputs_was_set(tmp_path, jump) -> None:
    begin = 100 * DAY
    states = [
        *steady_pour(stop=1.5, end=2.0, stamp=begin),
        *steady_pour(stop=1.5, end=2.0, stamp=begin + jump),
    ]
    with BagWriter(tmp_path / "old", TOPICS) as writer:
        for index, state in enumerate(states):
            writer.write(LIQUID_STATE, state, begin + index * 20_000_000)
    added = add_audio(tmp_path / "old", tmp_path / "new", Physical(), {})
    assert (added.gaps, added.rewinds) == ((1, 0) if jump > 0 else (0, 1))
    assert added.seconds == pytest.approx(4.0, abs=0.1)
    with BagReader(tmp_path / "old") as old, BagReader(tmp_path / "new") as new:
        assert (new.start, new.end) == (old.start, pytest.approx(old.end, abs=10**8))
        steps = np.diff([chunk.stamp for chunk in new.items(AUDIO)])
    assert np.count_nonzero(np.abs(steps - 20_000_000) > 1) == 1


def test_sound_of_inputs_whose_clock_the_recorder_shared_is_bounded(tmp_path) -> None:
    """The time between is neither filled with sound nor taken for a slow input."""
    with BagWriter(tmp_path / "old", TOPICS) as writer:
        for begin in (0, 20_000 * DAY):
            for state in steady_pour(stop=1.5, end=2.0, stamp=begin):
                writer.write(LIQUID_STATE, state, state.stamp)
    added = add_audio(tmp_path / "old", tmp_path / "new", Physical(), {})
    assert (added.gaps, added.seconds) == (1, pytest.approx(4.0, abs=0.1))
