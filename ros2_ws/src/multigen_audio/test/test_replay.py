import csv
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.recorded.label_floor import ALL, label_floors
from multigen_audio.replay import Grains, Library, Replay
from multigen_audio.replay.playhead import Playhead
from multigen_core.types import CameraFrame, LiquidState
from multigen_core.world.acoustics import cents
from multigen_core.world.recordings import RecordingError, read_recordings

from .ridge import ridge

RATE = 16_000


@pytest.fixture(scope="module")
def grains(recordings):
    return Grains.of(recordings, RATE)


@pytest.fixture(scope="module")
def library(recordings):
    return Library(recordings, RATE)


def play(library, states, every=0, seed=0):
    synthesizer = Replay(library, seed=seed)
    chunks = []
    for index, state in enumerate(states):
        synthesizer.push(state)
        if every and index % every == 0:
            chunks += synthesizer.pull()
    chunks += synthesizer.pull()
    for before, after in pairwise(chunks):
        assert after.stamp == before.end
    return np.concatenate([chunk.samples for chunk in chunks])


def level(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12)


@pytest.mark.parametrize("every", [1, 3, 40])
def test_chunked_sound_equals_whole_sound(library, every) -> None:
    states = list(steady_pour(stop=3.0, end=4.0))
    assert np.array_equal(play(library, states, every), play(library, states))


def test_the_seed_decides_the_sound(library) -> None:
    states = list(steady_pour(stop=1.5, end=2.0))
    assert np.array_equal(play(library, states, seed=3), play(library, states, seed=3))
    assert not np.array_equal(play(library, states, seed=3), play(library, states, seed=4))


def test_reset_starts_the_same_stream_again(library) -> None:
    synthesizer = Replay(library)
    runs = []
    for _ in range(2):
        for state in steady_pour(stop=1.0, end=1.5):
            synthesizer.push(state)
        runs.append(synthesizer.pull()[0].samples)
        synthesizer.reset()
    assert np.array_equal(*runs)


def check_pitch(library, vessel, flow, within):
    states = list(steady_pour(vessel, flow=flow, stop=18.0, end=18.0))
    loud = [s for s in states if s.inflow_rate > 0]
    begin, end = loud[0].stamp / 1e9 + 0.5, loud[-1].stamp / 1e9 - 0.3
    samples = play(library, states)[round(begin * RATE) : round(end * RATE)]
    times, frequencies = ridge(samples, RATE)
    truth = np.interp(
        times + begin, [s.stamp / 1e9 for s in states], [s.resonance_frequency for s in states]
    )
    assert np.median(np.abs(cents(frequencies, truth))) < within


def test_a_slower_pour_into_another_vessel_sounds_at_its_own_resonance(library) -> None:
    check_pitch(library, "straight_glass", 18e-6, 50)


def test_real_recordings_sound_at_the_simulated_resonance(real_recordings) -> None:
    kept = [r for r in real_recordings if r.container in ("container_1", "container_7")]
    check_pitch(Library(kept, RATE), "straight_glass", 18e-6, 60)


def test_loudness_follows_the_flow_as_the_physical_synthesizers_does(library) -> None:
    levels = []
    for flow in (10e-6, 20e-6, 40e-6):
        states = list(steady_pour(flow=flow, start=0.0, stop=4.0, end=3.0))
        physical = Physical()
        for state in states:
            physical.push(state)
        (reference,) = physical.pull()
        levels.append(level(play(library, states)[RATE:]))
        assert levels[-1] == pytest.approx(level(reference.samples[RATE:]), abs=2.5)
    assert np.all(np.diff(levels) > 1.5)


def test_it_is_silent_where_nothing_flows_and_does_not_click(library) -> None:
    samples = play(library, steady_pour(flow=40e-6, start=1.0, stop=3.0, end=4.0))
    for quiet in (samples[: RATE - 400], samples[3 * RATE + 400 :]):
        assert level(quiet) == pytest.approx(-90, abs=1)
    pour = np.abs(np.diff(samples[RATE + 4000 : 3 * RATE - 4000])).max()
    assert np.abs(np.diff(samples[RATE - 800 : RATE + 800])).max() < pour
    assert np.abs(np.diff(samples[3 * RATE - 800 : 3 * RATE + 800])).max() < pour


def test_cross_fades_keep_the_loudness(library) -> None:
    samples = play(library, steady_pour(flow=40e-6, start=0.0, stop=9.0, end=6.0))[RATE:]
    frames = np.array([level(f) for f in samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)])
    assert frames.min() > np.median(frames) - 9


def test_a_vessel_named_after_a_container_is_played_from_its_recordings(
    recordings, tmp_path
) -> None:
    other = [replace(r, container="other") for r in recordings[1:]]
    library = Library([recordings[0], *other], RATE, most=1)
    kept = library.of_vessel(str(tmp_path / "cup.yaml"))
    assert [c.recording.container for c in kept.clips] == ["cup"]
    assert [c.recording.container for c in library.of_vessel("mug").clips] == ["cup", "other"]
    assert len(Library(recordings, RATE).of_vessel("mug").clips) == 3


def test_the_label_floor_is_small_where_the_clock_tells_the_truth(grains, library) -> None:
    floor = label_floors(grains.clips)[ALL]
    # The clips are filled to 90 %: by the clock they are taken to be full.
    assert 20 < floor.cents < 250
    assert 5 < floor.millilitres < 60
    synthesizer = Replay(library)
    assert synthesizer.figures() == {}
    synthesizer.push(next(steady_pour()))
    figures = synthesizer.figures()
    assert figures["recordings"] == 3
    assert figures["label_floor_cents"] == round(floor.cents)


def test_a_resonance_beyond_the_recordings_is_counted(library) -> None:
    synthesizer = Replay(library)
    states = [replace(s, resonance_frequency=150.0) for s in steady_pour(stop=2.0, end=2.0)]
    for state in states:
        synthesizer.push(state)
    synthesizer.pull()
    assert synthesizer.figures()["share_off_pitch"] > 0


def test_a_playhead_bends_by_at_most_a_semitone(grains) -> None:
    clip = grains.clips[0]
    frame = int(np.flatnonzero(clip.usable)[20])
    for shift, expected in ((0.0, 0.0), (0.5, 0.5), (5.0, 1.0), (-5.0, -1.0)):
        head = Playhead(clip, frame)
        head.aim(clip.pitch[frame] + shift / 12)
        head.play(3200)
        moved = head._position - frame * clip.hop
        assert moved == pytest.approx(3200 * 2 ** (expected / 12), abs=1)


def test_a_missing_resonance_holds_the_last_one(library) -> None:
    states = list(steady_pour(stop=2.0, end=2.0))
    lost = [replace(s, resonance_frequency=float("nan")) for s in states]
    assert level(play(library, lost)) == pytest.approx(-90, abs=1)
    assert level(play(library, states[:60] + lost[60:])[RATE * 3 // 2 :]) > -60


def test_what_it_cannot_take_is_refused(library) -> None:
    synthesizer = Replay(library)
    with pytest.raises(TypeError, match="CameraFrame"):
        synthesizer.push(CameraFrame(0, np.zeros((2, 2, 3), np.uint8), "x"))
    synthesizer.push(LiquidState(5, "beaker", "mug", "water"))
    with pytest.raises(ValueError, match="is not later"):
        synthesizer.push(LiquidState(5, "beaker", "mug", "water"))


@pytest.fixture
def spoilt(recorded_folder, tmp_path):
    """Spoils one clip of a copy of the folder; returns its grains."""

    def spoil(change):
        folder = tmp_path / "copy"
        shutil.copytree(recorded_folder, folder)
        change(folder / "audio" / "clip_1.flac")
        recordings, skipped = read_recordings(folder)
        return Grains.of(recordings, RATE, skipped)

    return spoil


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.unlink(), "no file"),
        (lambda f: f.write_bytes(b"not sound"), "clip_1.flac"),
        (lambda f: soundfile.write(f, np.zeros(40_000), RATE), "silent"),
        (lambda f: soundfile.write(f, np.sin(np.arange(90_000)) * 9, RATE), "clipped"),
        (lambda f: soundfile.write(f, 0.1 * np.sin(np.arange(900)), RATE), "shorter than 1 s"),
    ],
)
def test_an_unusable_recording_is_left_out_with_its_reason(spoilt, change, reason) -> None:
    grains = spoilt(change)
    assert len(grains.clips) == 2
    assert len(grains.skipped) == 1
    assert reason in grains.skipped[0]


def test_stereo_at_another_rate_is_converted(spoilt) -> None:
    def convert(file):
        samples, _ = soundfile.read(file)
        louder = np.repeat(samples, 3)
        soundfile.write(file, np.stack([louder, louder], axis=1), 48_000)

    grains = spoilt(convert)
    assert grains.skipped == []
    assert len(grains.clips[1].samples) == pytest.approx(9 * RATE, abs=2)


def test_no_usable_recording_at_all_is_one_error(recorded_folder, tmp_path) -> None:
    (tmp_path / "audio").mkdir()
    with (recorded_folder / "clips.csv").open() as file:
        rows = list(csv.DictReader(file))
    shutil.copy(recorded_folder / "clips.csv", tmp_path)
    for row in rows:
        soundfile.write(tmp_path / "audio" / f"{row['clip']}.flac", np.zeros(RATE * 9), RATE)
    recordings, skipped = read_recordings(tmp_path)
    with pytest.raises(RecordingError, match=r"no usable recording; .*silent"):
        Grains.of(recordings, RATE, skipped)
