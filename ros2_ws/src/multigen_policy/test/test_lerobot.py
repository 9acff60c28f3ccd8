"""Recorded pours as a LeRobot dataset, read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from multigen_core import cli
from multigen_core.arm.trajectory import Trajectory
from multigen_core.bags import BagWriter, provenance
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    GOAL,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    PROGRESS,
    SAMPLE_RATE,
    TOPICS,
    Topic,
)
from multigen_core.errors import MultigenError
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    CameraFrame,
    JointState,
    Outcome,
    PourProgress,
)
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.lerobot.frames import pours
from multigen_policy.lerobot.layout import Place
from multigen_policy.lerobot.reader import DatasetReader
from multigen_policy.lerobot.sound import SoundWindows
from multigen_policy.lerobot.statistics import PictureStatistics, statistics
from multigen_policy.lerobot.writer import DatasetWriter

START = 5 * NANOSECONDS
NAMES = ("shoulder", "elbow", "wrist")
COLUMNS = np.array([1.0, -0.5, 0.25])
LENGTH = 2.0
"""Of a pour [s]."""


def at(seconds: float) -> int:
    return START + round(seconds * NANOSECONDS)


def sound(seconds: float) -> np.ndarray:
    """Noise as int16 holds it."""
    pcm = np.random.default_rng(1).integers(-9000, 9000, round(seconds * SAMPLE_RATE))
    return pcm.astype(np.float32) / np.float32(32767.0)


def write_bag(
    path: Path,
    goals: tuple[int, ...] = (150, 80),
    unfinished: int = 0,
    leave_out: tuple[Topic, ...] = (),
    lost: tuple[int, ...] = (),
    width: int = 96,
    names: tuple[str, ...] = NAMES,
    velocities: bool = True,
) -> Path:
    """Pours of LENGTH, 1 s apart; joints move at 0.1 rad/s, pictures brighten, chunks are lost."""
    seconds = 1.0 + (LENGTH + 1.0) * len(goals)
    entries: list[tuple[int, Topic, object]] = []
    for i in range(round(seconds * 100)):
        now = at(i / 100)
        speed = 0.1 * COLUMNS[::-1] if velocities else np.full(3, np.nan)
        moved = JointState(now, names[::-1], 0.1 * (i / 100) * COLUMNS[::-1], speed)
        entries.append((now, JOINT_STATES, moved))
    for i in range(round(seconds * 10)):
        picture = np.full((64, width, 3), (2 * i, 100, 250 - 2 * i), np.uint8)
        entries.append((at(i / 10), IMAGE_COMPRESSED, CameraFrame(at(i / 10), picture, "camera")))
        target = 0.1 * (i / 10 + 0.3) * COLUMNS[None]
        go = Trajectory(names, np.array([0.3]), target, np.zeros((1, 3)))
        entries.append((at(i / 10), ARM_COMMAND, go))
    heard = sound(seconds)
    for i in range(len(heard) // 320):
        if i not in lost:
            chunk = AudioChunk(at(i / 50), heard[320 * i : 320 * i + 320], SAMPLE_RATE)
            entries.append((chunk.end, AUDIO, chunk))
    for number, goal in enumerate(goals):
        begin = 1.0 + number * (LENGTH + 1.0)
        volume = goal * 1e-6
        entries.append((at(begin), GOAL, PourProgress(at(begin), "accepted", volume)))
        for i in range(1, round(LENGTH * 10) + 1):
            over = i == round(LENGTH * 10) and number < len(goals) - unfinished
            outcome = Outcome.SUCCEEDED if over else Outcome.RUNNING
            now = at(begin + i / 10)
            told = PourProgress(now, "pour", volume, volume, i / 10, outcome)
            entries.append((now, PROGRESS, told))
    topics = [topic for topic in TOPICS if topic.recorded]
    with BagWriter(path, topics, provenance() | {"arm": "small"}) as bag:
        for time, topic, item in sorted(entries, key=lambda entry: entry[0]):
            if topic not in leave_out:
                bag.write(topic, item, time)
    return path


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag(tmp_path_factory.mktemp("bags") / "two")


@pytest.fixture(scope="module")
def dataset(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> DatasetReader:
    folder = tmp_path_factory.mktemp("datasets") / "pours"
    assert export(bag, "-o", folder) == 0
    return DatasetReader(folder)


def export(*arguments: object) -> int:
    return cli.main(["export-lerobot", *map(str, arguments)])


def test_every_pour_is_an_episode_from_goal_to_outcome(dataset: DatasetReader) -> None:
    assert [row["tasks"] for row in dataset.episodes] == [["pour 150 ml"], ["pour 80 ml"]]
    assert [row["length"] for row in dataset.episodes] == [21, 21]
    assert [row["outcome"] for row in dataset.episodes] == ["succeeded"] * 2
    assert dataset.tasks == ["pour 150 ml", "pour 80 ml"]
    assert dataset.info["splits"] == {"train": "0:2"}
    assert dataset.info["robot_type"] == "small"


def test_states_are_the_bags_and_actions_lie_one_frame_ahead(dataset: DatasetReader) -> None:
    assert dataset.info["features"]["action"]["names"] == list(NAMES)
    for number, begin in enumerate((1.0, 4.0)):
        rows = dataset.frames(number)
        times = begin + np.arange(21) / 10
        np.testing.assert_allclose(rows["observation.state"], 0.1 * times[:, None] * COLUMNS, 1e-6)
        np.testing.assert_allclose(rows["observation.velocity"], np.tile(0.1 * COLUMNS, (21, 1)))
        ahead = (rows["action"] - rows["observation.state"]) / COLUMNS
        assert (ahead > 0.002).all()
        assert (ahead < 0.03).all(), "beyond the trajectory's end"


def test_velocities_an_arm_does_not_tell_follow_from_its_positions(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag", goals=(150,), velocities=False)
    (pour,) = pours(load_episode(path, pictures=True), 10)
    np.testing.assert_array_equal(pour.velocities[0], 0)
    np.testing.assert_allclose(pour.velocities[1:], np.tile(0.1 * COLUMNS, (20, 1)), rtol=1e-4)


def test_the_sound_of_gapless_pours_is_the_bags_to_the_bit(
    bag: Path, dataset: DatasetReader
) -> None:
    chunks = load_episode(bag).audio
    whole = np.concatenate([chunk.samples for chunk in chunks])
    np.testing.assert_array_equal(whole, sound(7.0))
    for number, begin in enumerate((1.0, 4.0)):
        windows = dataset.frames(number)["observation.audio"]
        assert windows.shape == (21, 1600)
        first = round((begin - 0.1) * SAMPLE_RATE)
        np.testing.assert_array_equal(windows.ravel(), whole[first : first + 21 * 1600])


def test_pictures_are_those_of_their_frames(dataset: DatasetReader) -> None:
    for number, begin in enumerate((1.0, 4.0)):
        shown = dataset.pictures(number)
        assert shown.shape == (21, 64, 96, 3)
        red = 2 * np.round(10 * (begin + np.arange(21) / 10))
        np.testing.assert_allclose(shown[..., 0].mean(axis=(1, 2)), red, atol=4)


def test_rows_indices_and_statistics_fit_together(dataset: DatasetReader) -> None:
    columns = [dataset.frames(number) for number in range(2)]
    index = np.concatenate([rows["index"] for rows in columns])
    np.testing.assert_array_equal(index, np.arange(42))
    for number, rows in enumerate(columns):
        np.testing.assert_array_equal(rows["frame_index"], np.arange(21))
        np.testing.assert_array_equal(rows["timestamp"], np.float32(np.arange(21) / 10))
        assert set(rows["episode_index"]) == {number}
        assert set(rows["task_index"]) == {number}
    features = set(dataset.info["features"])
    assert set(columns[0]) == features - {"observation.images.camera"}
    assert set(dataset.stats) == features - {"observation.audio"}
    for name, figures in dataset.stats.items():
        names = {"min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99"}
        assert set(figures) == names, name
        assert figures["count"] == [42]
    positions = np.concatenate([rows["observation.state"] for rows in columns])
    np.testing.assert_allclose(dataset.stats["observation.state"]["mean"], positions.mean(0), 1e-6)
    assert np.shape(dataset.stats["observation.images.camera"]["mean"]) == (3, 1, 1)


def test_pandas_would_read_the_tasks_by_their_text(dataset: DatasetReader) -> None:
    """LeRobot reads them by pandas, which our environment lacks."""
    schema = pyarrow.parquet.read_schema(dataset.folder / "meta/tasks.parquet")
    assert schema.pandas_metadata["index_columns"] == ["task"]
    assert schema.names == ["task_index", "task"]


def test_lost_sound_is_silent_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_bag(tmp_path / "bag", goals=(150,), lost=(60, 61, 101))
    assert export(path, "-o", tmp_path / "out", "--fps", 50) == 0
    assert "0.060 s of sound are missing, and silent" in capsys.readouterr().out
    heard = DatasetReader(tmp_path / "out").frames(0)["observation.audio"]
    expected = sound(4.0)
    for lost in (60, 61, 101):
        expected[320 * lost : 320 * lost + 320] = 0
    first = round(0.98 * SAMPLE_RATE)
    np.testing.assert_array_equal(heard.ravel(), expected[first : first + heard.size])


def test_jitter_of_the_stamps_neither_loses_nor_repeats_samples() -> None:
    whole, rng = sound(3.0), np.random.default_rng(2)
    chunks = [
        AudioChunk(at(i / 50) + int(rng.integers(-(10**6), 10**6)), part, SAMPLE_RATE)
        for i, part in enumerate(np.split(whole, 150))
    ]
    windows = SoundWindows(chunks, 640)
    heard = np.concatenate([windows.until(at(0.5 + i / 25)) for i in range(50)])
    (first,) = np.flatnonzero(whole[:SAMPLE_RATE] == heard[0])[:1]
    np.testing.assert_array_equal(heard, whole[first : first + len(heard)])
    assert windows.missing == 0


def test_a_pour_without_end_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_bag(tmp_path / "bag", unfinished=1)
    assert export(path, "-o", tmp_path / "out") == 0
    assert "leaves out 1 pours without end" in capsys.readouterr().out
    assert len(DatasetReader(tmp_path / "out")) == 1


def test_full_files_are_followed_by_new_ones(bag: Path, tmp_path: Path) -> None:
    writer = DatasetWriter(tmp_path, 10, data_megabytes=0, video_megabytes=0)
    for pour in pours(load_episode(bag, pictures=True), 10):
        writer.add(pour)
    writer.finish()
    reader = DatasetReader(tmp_path)
    assert [row["data/file_index"] for row in reader.episodes] == [0, 1]
    assert [row["videos/observation.images.camera/file_index"] for row in reader.episodes] == [0, 1]
    assert reader.episodes[1]["videos/observation.images.camera/from_timestamp"] == 0
    assert set(reader.frames(1)["episode_index"]) == {1}
    assert reader.pictures(1)[0, 0, 0, 0] == pytest.approx(80, abs=4)
    assert Place(0, 999).following == Place(1, 0)


@pytest.mark.parametrize(
    "topic", [IMAGE_COMPRESSED, AUDIO, JOINT_STATES, ARM_COMMAND, PROGRESS], ids=lambda t: t.name
)
def test_a_bag_that_lacks_a_sense_is_named_and_nothing_is_written(
    topic: Topic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_bag(tmp_path / "bag", goals=(150,), leave_out=(topic,))
    assert export(path, "-o", tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert f"bag {path}: no {topic.name}" in error
    assert error.count("\n") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["bag"]


def test_bags_that_do_not_fit_each_other_are_refused(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = write_bag(tmp_path / "wide", goals=(150,), width=128)
    odd = write_bag(tmp_path / "odd", goals=(150,), width=95)
    other = write_bag(tmp_path / "other", goals=(150,), names=("a", "b", "c"))
    for path, words in (
        (wide, "bag wide: has a picture of 128 x 64 pixels, expected 96 x 64"),
        (other, "bag other: has the arm small with a, b, c, expected small with shoulder"),
    ):
        assert export(bag, path, "-o", tmp_path / "out") == 1
        assert words in capsys.readouterr().err
    assert export(odd, "-o", tmp_path / "out") == 1
    assert "has a picture of 95 x 64 pixels, expected even numbers" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_left_alone(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("kept")
    assert export(bag, "-o", tmp_path) == 1
    assert f"{tmp_path}: exists; delete it, or give another --output" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "kept"


def test_bags_without_a_finished_pour_make_no_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_bag(tmp_path / "bag", goals=(150,), unfinished=1)
    assert export(path, "-o", tmp_path / "out") == 1
    assert "no pour that has ended" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["bag"]


def test_frames_per_second_must_divide_the_sample_rate(bag: Path) -> None:
    with pytest.raises(MultigenError, match="30 frames per second: give one of 10, 20, 25, 50"):
        next(pours(load_episode(bag), 30))


def test_the_reader_refuses_what_is_no_dataset_or_contradicts_itself(
    dataset: DatasetReader, tmp_path: Path
) -> None:
    with pytest.raises(MultigenError, match="not a LeRobot dataset"):
        DatasetReader(tmp_path)
    for name in ("meta/info.json", "meta/stats.json", "meta/tasks.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((dataset.folder / name).read_bytes())
    rows = tmp_path / "meta/episodes/chunk-000/file-000.parquet"
    rows.parent.mkdir(parents=True)
    rows.write_bytes((dataset.folder / "meta/episodes/chunk-000/file-000.parquet").read_bytes())
    info = tmp_path / "meta/info.json"
    info.write_text(info.read_text().replace('"total_frames": 42', '"total_frames": 41'))
    with pytest.raises(MultigenError, match="total_frames is 41, but the tables have 42"):
        DatasetReader(tmp_path)


def test_statistics_of_pictures_are_those_of_their_values() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    colours = PictureStatistics()
    colours.add(picture)
    rgb = picture[::4, ::4, ::-1].reshape(-1, 3) / 255
    expected = statistics(rgb)
    for name, value in colours.result().items():
        if name != "count":
            np.testing.assert_allclose(np.ravel(value), expected[name], atol=0.02, err_msg=name)
