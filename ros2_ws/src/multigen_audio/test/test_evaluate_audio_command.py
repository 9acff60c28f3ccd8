import csv
import json
import math

import pytest
import soundfile
import yaml

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.quality.evaluation import divided
from multigen_audio.quality.summary import KEYS
from multigen_audio.quality.table import ROWS
from multigen_core.cli import main
from multigen_core.world.clip_table import VesselRow
from multigen_core.world.recordings import read_recordings, recorded_vessel

CUP = {
    "shape": "cylindrical",
    "material": "glass",
    "visibility": "transparent",
    "net_height_cm": "12.0",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clip of each of eight containers, by the physical synthesizer, one of them short, and a
    row without a file."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "audio").mkdir()
    rows = []
    for index in range(8):
        diameter = f"{5 + 0.5 * index}"
        row = {**CUP, "container": f"cup_{index}", "clip": f"clip_{index}", "duration_s": "9.0"}
        row |= {"diameter_bottom_cm": diameter, "diameter_top_cm": diameter}
        vessel = recorded_vessel(VesselRow.model_validate(row))
        path = folder / f"cup_{index}.yaml"
        path.write_text(yaml.safe_dump(vessel.model_dump(mode="json", exclude={"name"})))
        synthesizer = Physical(seed=index)
        flow = 0.97 * vessel.capacity / 9.0
        for state in steady_pour(str(path), flow, start=0.0, stop=9.0, end=9.0, lip=0.04):
            synthesizer.push(state)
        sound = synthesizer.pull()[0].samples[: 16_000 * (5 if index == 1 else 9)]
        soundfile.write(folder / "audio" / f"clip_{index}.flac", sound, 16_000)
        rows.append(row)
    rows.append({**rows[0], "clip": "missing"})
    with (folder / "clips.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def evaluated(folder, tmp_path_factory):
    """The JSON and the page of an evaluation, and what it printed."""
    out = tmp_path_factory.mktemp("out")
    status = main([
        "evaluate-audio", "--synthesizers", "physical", "silent", "--recordings", str(folder),
        "--episodes", "2", "--clips", "1",
        "--json", str(out / "figures.json"), "--html", str(out / "page.html"),
    ])  # fmt: skip
    assert status == 0
    return json.loads((out / "figures.json").read_text()), (out / "page.html").read_text()


def test_every_synthesizer_has_every_figure(evaluated) -> None:
    figures, _ = evaluated
    assert list(figures) == ["physical", "silent", "noise", "real"]
    for values in figures.values():
        assert set(values) == {*KEYS, "details"}
    assert {row.key for row in ROWS} == set(KEYS)


def test_the_teacher_sounds_right_and_noise_and_silence_do_not(evaluated) -> None:
    figures, _ = evaluated
    teacher, silent, noise = (figures[name] for name in ("physical", "silent", "noise"))
    assert teacher["pitch_cents"] < 100 < noise["pitch_cents"]
    assert teacher["onset_ms"] < 40
    assert teacher["silence_db"] > 40
    assert abs(noise["silence_db"]) < 1
    assert teacher["loudness_correlation"] > 0.5 > abs(noise["loudness_correlation"])
    assert teacher["chunk_identity"] == 0.0
    assert 0 < teacher["rtf_one_core"] < 1
    assert teacher["latency_p95_ms"] > 95
    assert silent["onset_ms"] is None
    assert silent["frechet_ratio"] is None
    assert silent["details"]["onsets_missed"] == 2


def test_figures_lie_within_their_intervals_which_the_page_shows(evaluated) -> None:
    figures, page = evaluated
    teacher = figures["physical"]
    for key, (low, high) in teacher["details"]["intervals"].items():
        assert low <= teacher[key] <= high
    low, high = teacher["details"]["intervals"]["silence_db"]
    assert f"({low:.0f}–{high:.0f})" in page


def test_recordings_made_by_the_teacher_are_near_the_teacher(evaluated) -> None:
    figures, _ = evaluated
    teacher, noise, real = (figures[name] for name in ("physical", "noise", "real"))
    for key in ("frechet_ratio", "frechet_ratio_trained"):
        assert teacher[key] < 3 < noise[key]
        assert real[key] == 1.0
    assert teacher["two_sample_auc"] < noise["two_sample_auc"]
    assert real["pitch_cents"] < 80


def test_what_pictures_need_does_not_apply_to_others(evaluated) -> None:
    figures, _ = evaluated
    assert figures["physical"]["pitch_cents_public_opaque"] is None


def test_the_page_holds_everything_it_shows(evaluated) -> None:
    _, page = evaluated
    assert page.count("<audio") == page.count("data:image/png;base64,") > 6
    assert "recorded" in page
    assert "left out: missing: no file" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_folder_splits_itself_unless_it_has_containers_held_out(folder, real_recordings) -> None:
    recordings = read_recordings(folder)[0]
    judged, others = divided(recordings)
    assert [r.container for r in judged] == ["cup_0", "cup_3", "cup_6"]
    assert [r.container for r in others] == ["cup_1", "cup_2", "cup_4", "cup_5", "cup_7"]
    judged, others = divided(recordings[:3])
    assert [r.container for r in judged] == ["cup_0", "cup_2"]
    judged, others = divided(real_recordings)
    assert len({r.container for r in judged}) == 6
    assert not {r.container for r in judged} & {r.container for r in others}


def test_a_warning_of_every_pour_is_told_once(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setenv("MULTIGEN_REAL_DATA", str(tmp_path))
    page = tmp_path / "page.html"
    command = ["evaluate-audio", "--synthesizers", "flow", "--audio-view", "public"]
    assert main([*command, "--episodes", "3", "--workers", "2", "--html", str(page)]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("with the public camera flow's median pitch error") == 1
    assert "public camera" not in printed.err
    assert page.read_text().count("public camera flow&#39;s median pitch error") == 1


def test_without_recordings_the_rest_is_judged(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setenv("MULTIGEN_REAL_DATA", str(tmp_path))
    file = tmp_path / "figures.json"
    command = ["evaluate-audio", "--synthesizers", "silent", "--episodes", "1", "--json", str(file)]
    assert main(command) == 0
    assert "realism is not evaluated" in capsys.readouterr().out
    figures = json.loads(file.read_text())
    assert "real" not in figures
    assert figures["silent"]["frechet_ratio"] is None
    assert math.isfinite(figures["silent"]["silence_db"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--episodes", "0"], "--episodes must be at least 1"),
        (["--workers", "-1"], "--workers must be at least 1"),
        (["--recordings", "/nowhere"], "/nowhere: no recordings"),
    ],
)
def test_wrong_arguments_are_one_line(options, message, capsys) -> None:
    assert main(["evaluate-audio", *options]) == 1
    assert message in capsys.readouterr().err
