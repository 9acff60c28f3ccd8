import pytest

from multigen_core.config.yaml_file import ConfigError
from multigen_core.world.recordings import (
    RecordingError,
    read_recordings,
    real_data_folder,
    recorded_vessel,
    select_recordings,
)
from multigen_core.world.scene import load_scene

ROW = {
    "clip": "a",
    "container": "cup",
    "shape": "semiconical",
    "material": "plastic_pet",
    "visibility": "opaque",
    "diameter_bottom_cm": "5.0",
    "diameter_top_cm": "7.5",
    "net_height_cm": "8.0",
    "duration_s": "9.5",
    "original_split": "test_I|test_II",
}


def folder_of(path, *rows):
    (path / "audio").mkdir(exist_ok=True)
    lines = [",".join(ROW), *(",".join({**ROW, **row}.values()) for row in rows)]
    (path / "clips.csv").write_text("\n".join(lines) + "\n")
    (path / "audio" / "a.flac").touch()
    (path / "audio" / "b.wav").touch()
    return path


def test_a_cone_is_a_frustum_of_its_diameters() -> None:
    cup = recorded_vessel(ROW)
    assert cup.profile == ((0.0, 0.025), (0.08, 0.0375))
    assert (cup.material, cup.opaque, cup.held_out) == ("plastic", True, True)


def test_a_bottle_has_belly_shoulder_and_neck() -> None:
    bottle = recorded_vessel({**ROW, "shape": "bottleneck", "diameter_top_cm": "3.0"})
    assert [r for _, r in bottle.profile] == [0.025, 0.025, 0.015, 0.015]
    assert bottle.height == pytest.approx(0.08)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"net_height_cm": ""}, "net_height_cm '' is not a number"),
        ({"diameter_top_cm": "-3"}, "diameter_top_cm -3 cm is impossible"),
        ({"shape": "round"}, "shape 'round' is none of cylindrical"),
        ({"material": "wood"}, "material 'wood' is none of glass"),
    ],
)
def test_a_vessel_that_cannot_be_made_is_refused(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        recorded_vessel({**ROW, **change})


def test_bad_rows_are_left_out_each_with_a_reason(tmp_path) -> None:
    folder = folder_of(
        tmp_path, {}, {"clip": "b"}, {"clip": "c"}, {"net_height_cm": "x"}, {"duration_s": "?"}
    )
    recordings, skipped = read_recordings(folder)
    assert [r.path.name for r in recordings] == ["a.flac", "b.wav"]
    assert recordings[0].splits == ("test_I", "test_II")
    assert [line.split(":")[0] for line in skipped] == ["c", "a", "a"]
    assert "no file" in skipped[0]


def test_a_table_without_its_columns_or_rows_is_one_error(tmp_path) -> None:
    (tmp_path / "clips.csv").write_text("clip,container\na,cup\n")
    with pytest.raises(RecordingError, match="lacks the columns shape, material"):
        read_recordings(tmp_path)
    with pytest.raises(RecordingError, match="no usable recording; empty"):
        read_recordings(folder_of(tmp_path))
    (tmp_path / "clips.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordingError, match=r"clips\.csv"):
        read_recordings(tmp_path)


def test_recordings_are_chosen_by_container_or_split(tmp_path) -> None:
    folder = folder_of(tmp_path, {}, {"clip": "b", "container": "mug", "original_split": "train"})
    recordings, _ = read_recordings(folder)
    assert [r.clip for r in select_recordings(recordings, [])] == ["a", "b"]
    assert [r.clip for r in select_recordings(recordings, ["mug"])] == ["b"]
    assert [r.clip for r in select_recordings(recordings, ["test_II"])] == ["a"]
    with pytest.raises(RecordingError, match="no recordings of jug; splits: test_I, test_II, tr"):
        select_recordings(recordings, ["jug"])


def test_the_folder_comes_from_the_argument_or_the_environment(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "pouring_real"
    folder.mkdir()
    monkeypatch.setenv("MULTIGEN_REAL_DATA", str(tmp_path))
    with pytest.raises(RecordingError, match="set MULTIGEN_REAL_DATA"):
        real_data_folder()
    folder_of(folder, {})
    assert real_data_folder() == folder
    assert real_data_folder(folder) == folder


def test_a_scene_may_name_a_vessel_by_its_file(tmp_path) -> None:
    (tmp_path / "cup.yaml").write_text(
        "{description: a cup, profile: [[0, 0.03], [0.1, 0.03]], wall: 0.002, mass: 0.1, "
        "material: glass, opaque: false}"
    )
    scene_file = tmp_path / "scene.yaml"
    scene_file.write_text("target: {vessel: cup.yaml}")
    scene = load_scene(scene_file, 0)
    assert scene.target.vessel.height == 0.1
    assert scene.target.vessel.name == "cup"
    scene_file.write_text("target: {vessel: jug.yaml}")
    with pytest.raises(ConfigError, match=r"jug\.yaml: No such file"):
        load_scene(scene_file, 0)
    (tmp_path / "jug.yaml").write_text("{description: a jug, profile: [[0, 0.03]]}")
    with pytest.raises(ConfigError, match=r"jug\.yaml: .*profile"):
        load_scene(scene_file, 0)
