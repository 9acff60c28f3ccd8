"""What `multigen check` accepts and refuses."""

import pytest

from multigen_core.cli import main


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--scene", "default", "--seed", "3", "--arm-file", "gen3"],
        ["--policy", "default", "--synthesizer", "silent", "--backend", "mujoco"],
        ["--policy", "timed", "--synthesizer", "", "--backend", ""],
    ],
)
def test_what_can_be_used_is_passed_in_silence(capsys, words):
    assert main(["check", *words]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("scene", "moonbase", "moonbase: no such file; shipped scenes: "),
        ("arm-file", "gen7", "gen7: no such file; shipped arms: "),
        ("policy", "shaky", "policy 'shaky' is not available; available: acoustic, "),
        ("synthesizer", "kazoo", "synthesizer 'kazoo' is not available; available: "),
        ("backend", "atlantis", "backend 'atlantis' is not available; available: "),
        ("params-file", "gone.yaml", "gone.yaml: No such file or directory"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(capsys, option, value, reason):
    assert main(["check", f"--{option}", value]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"multigen check: error: {reason}")
    assert error.count("\n") == 1


def test_a_scene_with_a_bad_vessel_is_refused(capsys, tmp_path):
    (tmp_path / "mug.yaml").write_text("rim: [")
    scene = tmp_path / "mine.yaml"
    scene.write_text("target: {vessel: mug.yaml}")
    assert main(["check", "--scene", str(scene)]) == 1
    assert "mug.yaml: not valid YAML" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "a: 1", "simulator: {seed: 1}"])
def test_a_file_of_something_else_than_parameters_is_refused(capsys, tmp_path, text):
    path = tmp_path / "parameters.yaml"
    path.write_text(text)
    assert main(["check", "--params-file", str(path)]) == 1
    assert "ros__parameters" in capsys.readouterr().err
