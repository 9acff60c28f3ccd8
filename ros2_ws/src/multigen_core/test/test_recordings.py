import math
import re

import pytest

from multigen_core.config.yaml_file import ConfigError
from multigen_core.world.recordings import (
    RecordingError,
    VesselRow,
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


def vessel_of(**changes):
    return recorded_vessel(VesselRow.model_validate({**ROW, **changes}))


def test_a_cone_is_a_frustum_of_its_diameters() -> None:
    cup = vessel_of()
    assert cup.profile == ((0.0, 0.025), (0.08, 0.0375))
    assert (cup.material, cup.opaque, cup.held_out) == ("plastic", True, True)


def test_a_bottle_has_belly_shoulder_and_neck() -> None:
    bottle = vessel_of(shape="bottleneck", diameter_top_cm="3.0")
    assert [r for _, r in bottle.profile] == [0.025, 0.025, 0.015, 0.015]
    assert bottle.height == pytest.approx(0.08)


def test_a_bowl_with_a_round_bottom_is_half_an_ellipsoid() -> None:
    bowl = vessel_of(diameter_bottom_cm="0", diameter_top_cm="12", net_height_cm="6")
    assert bowl.profile[0] == (0.0, 0.0)
    assert bowl.capacity == pytest.approx(2 / 3 * math.pi * 0.06**3, rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"net_height_cm": ""}, "a: net_height_cm: .* got ''"),
        ({"diameter_top_cm": "-3"}, "diameter_top_cm: .* greater than 0"),
        ({"diameter_top_cm": "0"}, "diameter_top_cm: .* greater than 0"),
        ({"wall_thickness_cm": "x"}, "wall_thickness_cm: .* got 'x'"),
        ({"shape": "round"}, "shape: .*'cylindrical', 'semiconical' or 'bottleneck'.* 'round'"),
        ({"material": "wood"}, "material 'wood' is not one of glass"),
        ({"shape": "bottleneck", "diameter_bottom_cm": "0"}, "must be the belly's"),
        ({"duration_s": "0"}, "duration_s: .* greater than 0"),
        ({"duration_s": "-2"}, "duration_s: .* greater than 0"),
        ({"duration_s": "nan"}, "duration_s: .* finite"),
        ({"duration_s": "?"}, "duration_s: .* got '?'"),
        ({"container": ""}, "container: "),
        ({"clip": "c"}, "c: no file .*c.flac"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_with_a_reason(tmp_path, change, message) -> None:
    row = {**ROW, "wall_thickness_cm": "", **change}
    folder = folder_of(tmp_path)
    header, good = (
        ",".join(row),
        ",".join({**row, **ROW, "wall_thickness_cm": "", "clip": "b"}.values()),
    )
    (folder / "clips.csv").write_text(f"{header}\n{','.join(row.values())}\n{good}\n")
    recordings, (line,) = read_recordings(folder)
    assert [recording.clip for recording in recordings] == ["b"]
    assert re.search(message, line)
    assert "\n" not in line


def test_a_clip_that_is_listed_twice_counts_once(tmp_path) -> None:
    recordings, skipped = read_recordings(folder_of(tmp_path, {}, {"clip": "b"}, {}))
    assert [r.path.name for r in recordings] == ["a.flac", "b.wav"]
    assert recordings[0].splits == ("test_I", "test_II")
    assert skipped == ["a: duplicate in row 4; using the first"]


@pytest.mark.parametrize("parting", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path, parting, encoding) -> None:
    folder = folder_of(tmp_path)
    rows = [ROW.keys(), {**ROW, "net_height_cm": "8" if parting == "," else "8,5"}.values()]
    text = "\r\n".join(parting.join(row) for row in rows)
    wide = encoding == "utf-16-le-mark"
    data = b"\xff\xfe" + text.encode("utf-16-le") if wide else text.encode(encoding)
    (folder / "clips.csv").write_bytes(data)
    (recording,), skipped = read_recordings(folder)
    assert not skipped
    assert recording.vessel.height == pytest.approx(0.08 if parting == "," else 0.085)


@pytest.mark.parametrize("suffix", [".FLAC", ".WAV", ".Wav", ".ogg", ".mp3", ".aiff"])
def test_sound_files_may_be_of_any_kind_in_either_case(tmp_path, suffix) -> None:
    folder = folder_of(tmp_path, {})
    (folder / "audio/a.flac").rename(folder / f"audio/a{suffix}")
    (recording,), _ = read_recordings(folder)
    assert recording.path.name == f"a{suffix}"


def test_a_table_without_its_columns_or_rows_is_one_error(tmp_path) -> None:
    (tmp_path / "clips.csv").write_text("clip,container\na,cup\n")
    with pytest.raises(RecordingError, match="missing columns: shape, material"):
        read_recordings(tmp_path)
    with pytest.raises(RecordingError, match="no usable recording; empty"):
        read_recordings(folder_of(tmp_path))
    for data in (b"", b"\xff\xfe\x00", b"\xff\xff", b"\0\0,\0"):
        (tmp_path / "clips.csv").write_bytes(data)
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
