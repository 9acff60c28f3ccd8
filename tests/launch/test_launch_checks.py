"""What the launch files refuse before anything starts."""

from pathlib import Path

import pytest

from multigen_core.cli import main
from multigen_launch import LaunchError, genuine

ROOT = Path(__file__).parents[2]
REFUSALS = [
    ({"camera": "opencv"}, "sim:=true conflicts with camera:=opencv"),
    ({"camera": "usb_cam"}, "sim:=true conflicts with camera:=usb_cam"),
    ({"audio": "microphone"}, "sim:=true conflicts with .*audio:=microphone"),
    ({"arm": "mock"}, "sim:=true conflicts with .*arm:=mock"),
    ({"arm": "kinova", "robot_ip": "1.2.3.4"}, "sim:=true conflicts with .*arm:=kinova"),
    ({"use_sim_time": "false"}, "sim:=true conflicts with use_sim_time:=false"),
    ({"sim": "false", "arm": "sim"}, "sim:=false conflicts with .*arm:=sim"),
    ({"sim": "false", "camera": "sim"}, "sim:=false conflicts with camera:=sim"),
    ({"sim": "false", "audio": "synth"}, "sim:=false conflicts with .*audio:=synth"),
    ({"scale_port": "/dev/ttyUSB0"}, "sim:=true conflicts with scale_port"),
    ({"launch_rviz": "true"}, "launch_rviz:=true needs a full ROS 2 installation"),
    ({"sim": "false", "arm": "kinova", "robot_ip": "1.2.3.4"}, "arm:=kinova needs a full ROS 2"),
    ({"sim": "maybe"}, "argument 'sim' is 'maybe'; choices: true, false"),
    ({"audio": "midi"}, "argument 'audio' is 'midi'; choices: synth, microphone, none"),
    *(
        ({name: value}, f"{name}:={value} is not a ")
        for name, values in (
            ("seed", ("x", "-1", "1.5", "1e3", "nan", "true", "")),
            ("target_ml", ("150ml", "-1", "nan", "inf", "true", "")),
            ("real_time_factor", ("fast", "-1")),
        )
        for value in values
    ),
    ({"params_file": "gone.yaml"}, "no parameter file gone.yaml"),
    ({"namespace": "9"}, "'/9' is not a valid ROS namespace"),
]
REFUSALS_OF_KINOVA = [
    ({}, "arm:=kinova needs robot_ip:=ADDRESS"),
    ({"robot_ip": "1.2.3.4", "namespace": "left"}, "arm:=kinova conflicts with namespace:=left"),
    ({"robot_ip": "1.2.3.4"}, "gen3.launch.py is a Python launch file"),
    ({"use_fake_hardware": "true"}, "gen3.launch.py is a Python launch file"),
]


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS)
def test_what_cannot_work_is_refused_in_one_line(plan, arguments, reason):
    with pytest.raises(LaunchError, match=reason) as error:
        plan("multigen", **arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("arguments", "reason"), REFUSALS_OF_KINOVA)
def test_kinova_says_what_it_lacks(plan, monkeypatch, arguments, reason):
    monkeypatch.setenv("ROS_VERSION", "2")
    monkeypatch.setattr(genuine, "available", lambda: False)
    with pytest.raises(LaunchError, match=reason):
        plan("multigen", sim="false", arm="kinova", **arguments)


@pytest.mark.parametrize(
    ("arguments", "synthesizer", "backend"),
    [
        ({}, "flow", "mujoco"),
        ({"audio": "none", "backend": "isaac"}, "", "isaac"),
        ({"sim": "false"}, "", ""),
    ],
)
def test_files_and_names_are_checked_before_anything_starts(
    plan, prefix, arguments, synthesizer, backend
):
    plan("multigen", scene="my scenes/a.yaml", seed="3", policy="mine", **arguments)
    assert (prefix / "checked").read_text().splitlines() == [
        *(
            "check",
            "--guard",
            "",
            "--scene",
            "my scenes/a.yaml",
            "--seed",
            "3",
            "--arm-file",
            "gen3",
        ),
        *("--params-file", f"{prefix}/share/multigen_core/config/parameters.yaml"),
        *("--policy", "mine", "--synthesizer", synthesizer, "--backend", backend),
    ]


def test_an_unknown_scene_is_refused_before_anything_starts(capfd):
    file = str(ROOT / "launch/multigen.launch.xml")
    assert main(["launch", file, "scene:=moonbase"]) == 1
    output, error = capfd.readouterr()
    assert "moonbase: no such file; shipped scenes" in error
    assert error.count("\n") == 1
    assert output == ""
