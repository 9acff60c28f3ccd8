"""Evaluation and report of whole bags."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from multigen_core import cli
from multigen_core.arm.trajectory import Trajectory
from multigen_core.bags import BagError, BagReader, BagWriter, provenance
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    AUDIO_INFO,
    CAMERA_INFO,
    GOAL,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    PROGRESS,
    TOPICS,
    Topic,
)
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    AudioInfo,
    CameraCalibration,
    CameraFrame,
    CameraInfo,
    JointState,
    LiquidState,
    Outcome,
    PourProgress,
    PourState,
)
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.evaluate import evaluate

RECORDED = [topic for topic in TOPICS if topic.recorded]
RATE = 16_000
RADIUS, HEIGHT, TARGET = 0.035, 0.12, 150e-6
NAMES = tuple(f"joint_{i}" for i in range(1, 8))
START = 3 * NANOSECONDS


def write_episode(
    path: Path,
    seconds: float = 10.0,
    poured_ml: float = 156.0,
    leave_out: tuple[Topic, ...] = (),
    metadata: dict[str, str] | None = None,
) -> Path:
    """A pour into a straight glass: 3 ml are spilled, one audio chunk and two frames are lost."""
    rng = np.random.default_rng(0)
    duration = seconds - 3.0
    area = np.pi * RADIUS**2
    resonator = np.zeros(2)
    entries: list[tuple[int, Topic, object]] = []

    def at(t: float) -> int:
        return START + round(t * NANOSECONDS)

    def add(t: float, topic: Topic, item: object) -> None:
        entries.append((at(t), topic, item))

    def share(t: float) -> float:
        x = np.clip((t - 0.5) / (duration - 0.5), 0.0, 1.0)
        return float(x * x * (3 - 2 * x))

    def volume(t: float) -> float:
        return poured_ml * 1e-6 * share(t)

    def tilt(t: float) -> float:
        return 1.3 * np.sin(np.pi * np.clip(t / duration, 0, 1)) ** 2

    def resonance(t: float) -> float:
        return 343 / (4 * (HEIGHT - volume(t) / area + 0.6 * RADIUS))

    add(0.0, GOAL, PourProgress(at(0.0), "accepted", TARGET))
    for i in range(round(seconds * 100)):
        t = i / 100
        positions = tilt(t) * np.linspace(-0.3, 0.9, 7)
        velocities = (tilt(t + 0.005) - tilt(t - 0.005)) / 0.01 * np.linspace(-0.3, 0.9, 7)
        add(t, JOINT_STATES, JointState(at(t), NAMES, positions, velocities, "base_link"))
    for i in range(round(seconds * 50)):
        t = i / 50
        level = volume(t) / area
        flow = (volume(t + 0.01) - volume(t - 0.01)) / 0.02
        add(
            t,
            LIQUID_STATE,
            LiquidState(
                at(t),
                "beaker",
                "straight_glass",
                "water",
                source_tilt=tilt(t),
                outflow_rate=flow,
                inflow_rate=flow,
                target_volume=volume(t),
                target_level=level,
                air_column=HEIGHT - level,
                resonance_frequency=resonance(t),
            ),
        )
        if i != 200:
            excitation = rng.normal(0, 1, 320) * np.sqrt(max(flow, 0) / 40e-6)
            sound = np.zeros(320)
            pole = 0.985 * np.exp(2j * np.pi * resonance(t) / RATE)
            a1, a2 = 2 * pole.real, -(abs(pole) ** 2)
            for n in range(320):
                value = a1 * resonator[0] + a2 * resonator[1] + excitation[n]
                resonator[:] = value, resonator[0]
                sound[n] = value
            samples = (0.006 * sound + 0.01 * excitation + rng.normal(0, 2e-4, 320)).astype(
                np.float32
            )
            add(t, AUDIO, AudioChunk(at(t), samples, RATE))
    for i in range(round(seconds * 10)):
        t = i / 10
        add(t, POUR_STATE, PourState(at(t), 350e-6 - volume(t), volume(t), 3e-6 * share(t), 0))
        if t <= duration + 0.5:
            over = t >= duration + 0.4
            estimate = 0.97 * volume(t) + 2e-6 * np.sin(t)
            add(
                t,
                PROGRESS,
                PourProgress(
                    at(t),
                    "done" if over else "pour",
                    TARGET,
                    estimate,
                    t,
                    Outcome.SUCCEEDED if over else Outcome.RUNNING,
                ),
            )
            times = np.linspace(0.1, 0.8, 8)
            points = np.array([tilt(t + dt) * np.linspace(-0.3, 0.9, 7) for dt in times])
            add(t, ARM_COMMAND, Trajectory(NAMES, times, points, np.zeros((8, 7))))
    calibration = CameraCalibration(320, 240, np.eye(3))
    for i in range(round(seconds * 30)):
        t = i / 30
        add(t, CAMERA_INFO, CameraInfo(at(t), "camera", calibration))
        if i not in (100, 101):
            add(
                t,
                IMAGE_COMPRESSED,
                CameraFrame(at(t), picture(volume(t) / area, tilt(t)), "c"),
            )
    details = {"sim": "true", "scene": "bar", "seed": "7", "policy": "acoustic"}
    with BagWriter(
        path,
        RECORDED,
        provenance() | details | {"real_time_factor": "0.98"} | (metadata or {}),
    ) as bag:
        for stamp, topic, item in sorted(entries, key=lambda entry: entry[0]):
            if topic not in leave_out:
                bag.write(topic, item, stamp + 2_000_000)
    return path


def picture(level: float, tilt: float) -> np.ndarray:
    image = np.full((240, 320, 3), (178, 168, 158), np.uint8)
    cv2.rectangle(image, (0, 190), (320, 240), (140, 112, 90), -1)
    bottom = 205
    cv2.rectangle(image, (140, bottom - round(level * 900)), (195, bottom), (90, 140, 200), -1)
    cv2.rectangle(image, (138, bottom - 108), (197, bottom), (240, 244, 248), 2)
    corners = cv2.boxPoints(((110.0, 70.0), (60.0, 80.0), float(np.degrees(tilt))))
    cv2.polylines(image, [corners.astype(np.int32)], True, (240, 244, 248), 2)
    return image


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_episode(tmp_path_factory.mktemp("bags") / "bar-7")


def multigen(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_evaluate_bag_gives_the_figures_of_the_pour(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert multigen("evaluate-bag", bag, "--json", tmp_path / "out.json") == 0
    document = json.loads((tmp_path / "out.json").read_text())
    (result,) = document["results"]
    assert result["bag"] == str(bag)
    assert result["target_ml"] == pytest.approx(150)
    assert result["poured_ml"] == pytest.approx(156)
    assert result["relative_error"] == pytest.approx(0.04)
    assert result["error_ml"] == pytest.approx(6)
    assert result["spilled_ml"] == pytest.approx(3)
    assert result["success"] is True
    assert result["real_time_factor"] == pytest.approx(0.98)
    assert result["audio_gaps"] == 1
    assert result["frames_lost"] == 2
    assert result["duration"] == pytest.approx(7.4)
    assert result["target_vessel"] == "straight_glass"
    assert -2.5 < result["smoothness"] < -1.4
    assert document["aggregate"]["nmae"]["value"] == pytest.approx(0.04)
    output = capsys.readouterr().out
    assert "not comparable" in output.replace("\n", " ")
    assert "0.46" in output


def test_several_bags_are_aggregated_with_intervals_and_groups(bag: Path, tmp_path: Path) -> None:
    other = write_episode(tmp_path / "b", 5.0, 120.0, metadata={"policy": "timed"})
    assert multigen("evaluate-bag", bag, other, "--json", tmp_path / "out.json") == 0
    document = json.loads((tmp_path / "out.json").read_text())
    nmae = document["aggregate"]["nmae"]
    assert nmae["value"] == pytest.approx((0.04 + 0.2) / 2)
    assert nmae["low"] == pytest.approx(0.04)
    assert nmae["high"] == pytest.approx(0.2)
    assert document["groups"]["policy"]["timed"]["nmae"]["value"] == pytest.approx(0.2)
    assert "target_vessel" not in document["groups"]
    assert document["seeds"] == ["7", "7"]


def test_a_bag_without_a_goal_is_an_error_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_episode(tmp_path / "bag", 4.0, leave_out=(GOAL, IMAGE_COMPRESSED))
    assert multigen("evaluate-bag", path) == 1
    error = capsys.readouterr().err
    assert str(path) in error
    assert re.search("pour/goal.*multigen pour", error)
    assert error.count("\n") == 1


def test_a_pour_that_nobody_measured_is_reported_but_left_out_of_the_figures(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_episode(tmp_path / "bag", 4.0, leave_out=(POUR_STATE, IMAGE_COMPRESSED))
    out = tmp_path / "out.json"
    assert multigen("evaluate-bag", path, bag, "--json", out) == 0
    assert "1 of 2 pours are left out: their volume was not measured" in capsys.readouterr().out
    document = json.loads(out.read_text())
    assert document["results"][0]["poured_ml"] is None
    assert document["aggregate"]["unknown"] == 1
    assert document["aggregate"]["nmae"]["count"] == 1
    assert document["aggregate"]["success_rate"]["count"] == 1
    assert multigen("report", path, "-o", tmp_path / "page.html") == 0


def test_one_bad_bag_does_not_hide_the_others(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = shutil.copytree(bag, tmp_path / "cut")
    (cut / "metadata.yaml").unlink()
    assert multigen("evaluate-bag", cut, bag, "--json", tmp_path / "out.json") == 1
    assert f"multigen repair-bag {cut}" in capsys.readouterr().err
    document = json.loads((tmp_path / "out.json").read_text())
    assert len(document["results"]) == 1
    assert document["failed"][0]["bag"] == str(cut)


class Page(HTMLParser):
    """What a page holds: tags, and everything it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href") and value:
                self.loads.append(value)


def test_report_holds_every_figure_and_loads_nothing(bag: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    assert multigen("report", bag, "-o", output) == 0
    text = output.read_text()
    page = Page(text)
    assert page.tags.count("svg") == 3
    assert page.tags.count("audio") == 1
    assert sum(load.startswith("data:image/jpeg;base64,") for load in page.loads) == 8
    assert any(load.startswith("data:audio/flac;base64,ZkxhQ") for load in page.loads)
    assert all(load.startswith(("data:", "#")) for load in page.loads)
    assert not re.search(r"url\((?!#|data:)|@import", text)
    for words in ("true resonance", "156.0", "150 ml", "not comparable", "joint_7", "git revision"):
        assert words in text, words
    assert "#01010" not in text, "a colour escaped the style sheet"
    assert text.count("</section>") == 1
    assert len(text) < 3_000_000


def test_report_of_a_recording_without_camera_and_sound_says_what_it_can(tmp_path: Path) -> None:
    senses = (IMAGE_COMPRESSED, CAMERA_INFO, AUDIO, LIQUID_STATE, JOINT_STATES, PROGRESS)
    path = write_episode(tmp_path / "bag", 5.0, leave_out=senses, metadata={"sim": "false"})
    assert multigen("report", path, "-o", tmp_path / "report.html") == 0
    page = Page((tmp_path / "report.html").read_text())
    assert page.tags.count("svg") == 1
    assert "audio" not in page.tags
    assert "not comparable" not in (tmp_path / "report.html").read_text()


def test_report_of_results_shows_all_of_them(bag: Path, tmp_path: Path) -> None:
    other = write_episode(tmp_path / "b", 5.0, 120.0, metadata={"policy": "timed"})
    multigen("evaluate-bag", bag, other, "--json", tmp_path / "results.json")
    assert multigen("report", tmp_path / "results.json", "-o", tmp_path / "report.html") == 0
    text = (tmp_path / "report.html").read_text()
    assert "0.120" in text
    assert "timed" in text
    assert text.count("missed</span>") == 1


def test_what_a_recording_says_is_shown_as_text_never_run(bag: Path, tmp_path: Path) -> None:
    script = "<script>alert('$\\frac')</script><img src=x onerror=alert(1)>"
    with BagReader(bag) as old:
        said = dict.fromkeys(("target_vessel", "liquid", "policy", script), script)
        with BagWriter(tmp_path / "<img src=x>", RECORDED, old.metadata | said) as new:
            for topic, _, time, item in old.records():
                if topic is PROGRESS:
                    item = replace(item, reason=script)
                elif topic in (JOINT_STATES, ARM_COMMAND):
                    item = replace(item, names=(script, *item.names[1:]))
                new.write(topic, item, time)
    multigen("evaluate-bag", bag, tmp_path / "<img src=x>", "--json", tmp_path / "results.json")
    for source in ("<img src=x>", "results.json"):
        assert multigen("report", tmp_path / source, "-o", tmp_path / "report.html") == 0
        text = (tmp_path / "report.html").read_text()
        page = Page(text)
        assert page.tags.count("script") == 1, "the report's own"
        assert "x" not in page.loads
        assert "&lt;script&gt;alert(" in text


def test_report_of_a_single_result_shows_it(bag: Path, tmp_path: Path) -> None:
    multigen("evaluate-bag", bag, "--json", tmp_path / "results.json")
    assert multigen("report", tmp_path / "results.json", "-o", tmp_path / "report.html") == 0
    text = (tmp_path / "report.html").read_text()
    assert "0.040" in text
    assert "n = 1" in text
    assert "nan" not in text


def test_a_table_of_80_columns_names_the_bag(
    bag: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    multigen("evaluate-bag", bag)
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "156.0" in line]
    assert row.split() == [
        "bar-7",
        "150",
        "156.0",
        "+4.0",
        "3.0",
        "7.4",
        "succeeded",
        "0.98",
        "1",
        "0",
        "2",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "list indices must be integers"),
        ('{"results": [{"target_ml": 3}]}', "result 1: poured_ml: Field required"),
        ('{"results": [{"target_ml": "x"}]}', "target_ml: Input should be a valid number"),
    ],
)
def test_report_refuses_what_is_no_result(
    text: str, fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text(text)
    assert multigen("report", tmp_path / "x.json", "-o", tmp_path / "report.html") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "x.json: not the results of multigen evaluate or evaluate-bag" in line
    assert fault in line
    assert not (tmp_path / "report.html").exists()


if __name__ == "__main__":
    write_episode(Path(sys.argv[1]), *map(float, sys.argv[2:4]))


def changed(bag: Path, path: Path, stamp: Callable[[int, Topic], int]) -> Path:
    """A copy of a bag whose messages are stamped otherwise."""
    with BagReader(bag) as old, BagWriter(path, RECORDED, old.metadata) as new:
        for topic, _, time, item in old.records():
            if isinstance(getattr(item, "stamp", None), int):
                item = replace(item, stamp=stamp(item.stamp, topic))
            new.write(topic, item, time)
    return path


YEARS = 50 * 365 * 86_400 * NANOSECONDS


@pytest.mark.parametrize("step", [YEARS, 3600 * NANOSECONDS, -2 * NANOSECONDS])
def test_a_clock_that_is_set_is_told_and_the_page_shows_what_is_around_the_goal(
    bag: Path, tmp_path: Path, step: int, capsys: pytest.CaptureFixture[str]
) -> None:
    middle = START + 5 * NANOSECONDS
    new = changed(bag, tmp_path / "set", lambda t, _: t if t < middle else t + step)
    multigen("evaluate-bag", new)
    assert "set: its clock was set" in capsys.readouterr().out
    multigen("report", new, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    end = float(page.split('data-end="')[1].split('"')[0])
    assert end < 15
    assert "only the sound around the goal is shown" in page


def test_pictures_and_sound_without_stamps_are_told(
    bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = changed(bag, tmp_path / "zero", lambda t, topic: 0 if topic is AUDIO else t)
    multigen("evaluate-bag", new)
    with BagReader(bag) as reader:
        count = reader.count(AUDIO)
    assert f"zero: {count} messages have no stamp" in capsys.readouterr().out


def test_sound_in_stereo_is_evaluated_as_what_it_is(bag: Path, tmp_path: Path) -> None:
    with BagReader(bag) as old, BagWriter(tmp_path / "stereo", RECORDED, old.metadata) as new:
        for topic, time, message in old.messages():
            if topic is AUDIO:
                message.audio.data = np.zeros(4 * 882, np.uint8)
            new.write(topic, message, time)
        new.write(AUDIO_INFO, AudioInfo(START, 2, 44_100), START)
    sound = load_episode(tmp_path / "stereo").sound
    with BagReader(bag) as old:
        assert sound.duration == pytest.approx(0.02 * old.count(AUDIO), abs=0.001)
    assert (sound.gaps, sound.overlaps) == (1, 0)


def test_a_picture_of_nothing_is_left_out_of_the_page_by_name(
    bag: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with BagReader(bag) as old, BagWriter(tmp_path / "dark", RECORDED, old.metadata) as new:
        for topic, time, message in old.messages():
            if topic is IMAGE_COMPRESSED:
                message.data = np.zeros(0, np.uint8)
            new.write(topic, message, time)
    multigen("report", tmp_path / "dark", "-o", tmp_path / "page.html")
    assert "no image 0." in caplog.text
    assert "<img" not in (tmp_path / "page.html").read_text()


def test_a_message_that_says_nothing_costs_neither_figures_nor_page(
    bag: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with BagReader(bag) as old, BagWriter(tmp_path / "odd", RECORDED, old.metadata) as new:
        for topic, time, data in old.raw():
            new.write_raw(topic, data[:9] if topic is AUDIO else data, time)
    (result,) = evaluate(load_episode(tmp_path / "odd"))
    assert result["poured_ml"] == pytest.approx(156, abs=0.5)
    assert "messages of audio/audio_stamped; the first, " in caplog.text


def test_notes_that_cannot_be_read_are_refused(bag: Path, tmp_path: Path) -> None:
    for key, value in (("real_time_factor", "quick"), ("drawn_scene", "{")):
        path = write_episode(tmp_path / key, 4.0, metadata={key: value})
        with pytest.raises(BagError, match="custom data cannot be read"):
            load_episode(path)
