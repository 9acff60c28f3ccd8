import os
import subprocess
import sys

import pytest

from multigen_core import cli
from multigen_launch import genuine

MAIN = "import sys; from multigen_core.cli import main; sys.exit(main())"
BODY = """
    <arg name="speed" default="slow" description="How fast.">
      <choice value="slow"/><choice value="fast"/>
    </arg>
    <arg name="who" description="Whom to greet."/>
    <arg name="check" default="$(if $(equals $(var speed) warp) 'too fast' ok)">
      <choice value="ok"/>
    </arg>
    <set_env name="SPEED" value="$(var speed)"/>
    <node pkg="demo" exec="talker" output="screen" on_exit="shutdown">
      <param name="who" value="$(var who)" type="str"/>
    </node>
"""


@pytest.fixture(autouse=True)
def without_ros(monkeypatch):
    monkeypatch.setattr(genuine, "available", lambda: False)


def test_shows_arguments(workspace, capsys):
    assert cli.main(["launch", str(workspace.file(BODY)), "--show-args"]) == 0
    output = capsys.readouterr().out
    assert "speed (default: 'slow')\n        one of: 'slow', 'fast'\n        How fast." in output
    assert "who (required)\n        Whom to greet." in output
    assert "check" not in output


@pytest.mark.parametrize("option", ["--print", "--dry-run", "-p"])
def test_prints_what_would_start_and_starts_nothing(workspace, capsys, option):
    workspace.executable("talker", f"open({str(workspace.files / 'started')!r}, 'w')")
    assert cli.main(["launch", str(workspace.file(BODY)), "who:=a b", option]) == 0
    executable = workspace.prefix / "lib/demo/talker"
    assert capsys.readouterr().out == (
        "[talker-1]  (its exit stops everything)\n"
        f"    SPEED=slow {executable} --ros-args -p 'who:=\"a b\"'\n"
    )
    assert not (workspace.files / "started").exists()


def test_runs(workspace, capfd):
    workspace.executable("talker", "import os; print('speed', os.environ['SPEED'])")
    assert cli.main(["launch", str(workspace.file(BODY)), "who:=x", "speed:=fast"]) == 0
    assert "[talker-1] speed fast" in capfd.readouterr().out


def test_finds_a_file_in_a_package(workspace, capsys):
    folder = workspace.prefix / "share/demo/launch"
    folder.mkdir()
    workspace.file(BODY).rename(folder / "main.launch.xml")
    assert cli.main(["launch", "demo", "main.launch.xml", "who:=x", "-p"]) == 0
    assert "[talker-1]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["{file}"], ":5: argument 'who' is required (Whom to greet.): add who:=…"),
        (["{file}", "who"], "'who' is not a launch argument: write name:=value"),
        (["{file}", ":=x"], "':=x' is not a launch argument"),
        (
            ["{file}", "who:=x", "sped:=fast"],
            "unknown launch argument 'sped' (did you mean speed?)",
        ),
        (["{file}", "who:=x", "speed:=warp"], "argument 'speed' is 'warp'; choices: slow, fast"),
        (["gone.launch.xml"], "gone.launch.xml: no such launch file"),
        (["demo", "gone.launch.xml"], "no launch file is named 'gone.launch.xml'; it has: none"),
        (["gone", "main.launch.xml"], "package 'gone' not found"),
    ],
)
def test_errors_are_one_line_and_status_1(workspace, capsys, words, reason):
    file = str(workspace.file(BODY))
    assert cli.main(["launch", *(word.replace("{file}", file) for word in words)]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_a_python_launch_file_needs_ros(workspace, capsys):
    path = workspace.files / "main.launch.py"
    path.touch()
    assert cli.main(["launch", str(path)]) == 1
    assert "need a full ROS 2 installation" in capsys.readouterr().err


def test_names_beyond_ascii_pass_under_the_plainest_locale(workspace):
    folder = workspace.files / "größe"
    folder.mkdir()
    workspace.executable("talker", "import sys; print(open(sys.argv[-1]).read())")
    body = BODY.replace('type="str"/>', f'type="str"/><param from="{folder}/ä.yaml"/>')
    (folder / "ä.yaml").write_text("/**: {ros__parameters: {a: ö}}")
    file = workspace.file(body).rename(folder / "main.launch.xml")
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "launch", file, "who:=ü"],
        env={**os.environ, "LC_ALL": "POSIX", "LANG": "C"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert "[talker-1] /**: {ros__parameters: {a: ö}}" in done.stdout


@pytest.fixture
def beside_ros(workspace, tmp_path):
    """Runs `multigen launch` where a `ros2 launch` is, whose nodes print its arguments."""
    modules = tmp_path / "modules"
    for name in ("launch", "launch_xml", "launch_ros", "ros2launch"):
        (modules / name).mkdir(parents=True)
        (modules / name / "__init__.py").touch()
    tool = tmp_path / "bin/ros2"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho genuine "$@"\ncat "$2"\nexit 7\n')
    tool.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tool.parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{modules}:{os.environ.get('PYTHONPATH', '')}",
    }

    def run(*words):
        return subprocess.run(
            [sys.executable, "-c", MAIN, "launch", *words],
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def test_beside_ros_a_python_file_is_left_to_it(workspace, beside_ros):
    path = workspace.files / "main.launch.py"
    path.touch()
    done = beside_ros(str(path), "who:=a b", "-s")
    assert done.returncode == 7
    assert done.stdout.startswith(f"genuine launch --show-args {path} who:=a b\n")


def test_beside_ros_an_xml_file_runs_the_same_and_fails_with_its_nodes(workspace, beside_ros):
    workspace.executable("talker", "raise SystemExit(3)")
    done = beside_ros(str(workspace.file(BODY)), "who:=x")
    assert done.returncode == 1
    assert "[talker-1]: process has died, exit code 3" in done.stdout
    assert "genuine" not in done.stdout


def test_beside_ros_an_xml_file_includes_a_python_file(workspace, beside_ros):
    path = workspace.files / "arm.launch.py"
    path.touch()
    body = "<include file='$(dirname)/arm.launch.py'><arg name='ip' value='1.2.3.4'/></include>"
    done = beside_ros(str(workspace.file(body)))
    assert done.returncode == 1
    assert "[arm.launch.py-1] genuine launch /" in done.stdout
    assert f'[arm.launch.py-1] <include file="{path}">' in done.stdout
    assert '[arm.launch.py-1] <arg name="ip" value="1.2.3.4"/>' in done.stdout
