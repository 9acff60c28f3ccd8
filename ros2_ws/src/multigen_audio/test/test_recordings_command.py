import json

import pytest

from multigen_core.cli import main
from multigen_core.world.scene import load_scene


def test_it_prints_and_writes_the_label_floor(recorded_folder, tmp_path, capsys) -> None:
    file = tmp_path / "table.json"
    assert main(["recordings", str(recorded_folder), "--json", str(file)]) == 0
    assert "cup" in capsys.readouterr().out
    cup, everything = json.loads(file.read_text())["vessels"]
    assert (cup["vessel"], everything["vessel"]) == ("cup", "all")
    assert cup["clips"] == 3
    assert cup["trusted"] > 0.5
    assert 300 < cup["lowest_hz"] < 600 < cup["highest_hz"]


def test_its_scenes_hold_the_recorded_vessels(recorded_folder, tmp_path) -> None:
    assert main(["recordings", str(recorded_folder), "--scenes", str(tmp_path)]) == 0
    scene = load_scene(tmp_path / "cup_scene.yaml", 0)
    cup = scene.target.vessel
    assert cup.name == "cup"
    assert cup.height == pytest.approx(0.16)
    assert cup.capacity == pytest.approx(3.1416 * 0.03**2 * 0.16, rel=1e-3)


def test_a_comparison_is_a_small_picture_and_figures(recorded_folder, tmp_path, capsys) -> None:
    file = tmp_path / "pair.png"
    command = ["recordings", str(recorded_folder), "--compare", "clip_0", "--picture", str(file)]
    assert main(command) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size < 150_000
    off = int(capsys.readouterr().out.split("differ by ")[1].split()[0])
    assert off < 60


def test_wrong_names_are_one_line(recorded_folder, capsys) -> None:
    assert main(["recordings", str(recorded_folder), "--compare", "x"]) == 1
    assert "no clip 'x' among 3 recordings" in capsys.readouterr().err
    assert main(["recordings", str(recorded_folder), "--only", "jug"]) == 1
    assert "no recordings of jug; splits: train; containers: cup" in capsys.readouterr().err
