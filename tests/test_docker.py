"""What docker/ says, as far as it can be checked without Docker."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from multigen_launch.arguments import declared

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
SERVICES = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]
COMMANDS = [
    *(service["command"] for service in SERVICES.values() if "command" in service),
    shlex.join(re.findall(r'"([^"]*)"', re.search(r"CMD \[(.*launch.*)\]", DOCKERFILE)[1])),
]


@pytest.mark.parametrize("command", [words for words in COMMANDS if "launch" in words])
def test_launches_exist_and_give_arguments_that_do(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    tool, verb, file, *arguments = shlex.split(command)
    assert (tool, verb) == ("multigen", "launch")
    known, _ = declared(Path(file))
    assert {argument.partition(":=")[0] for argument in arguments} <= known.keys()


def test_what_is_copied_exists_and_reaches_the_builder():
    allowed = set()
    for line in (ROOT / "docker/Dockerfile.dockerignore").read_text().splitlines():
        if line.startswith("!"):
            allowed.add(line.removeprefix("!"))
    copied = [
        word for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M) for word in line.split()
    ]
    assert "conftest.py" in copied
    for path in copied:
        assert (ROOT / path).exists()
        assert path in allowed


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_stops_as_by_ctrl_c_and_has_time_to(name):
    assert SERVICES[name]["stop_signal"] == "SIGINT"
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= 60
    assert "STOPSIGNAL SIGINT" in DOCKERFILE


def enter(root, *command):
    return subprocess.run(
        [ROOT / "docker/entrypoint.sh", *command],
        env={"MULTIGEN_ROOT": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_the_entrypoint_runs_its_command_in_the_built_environment(tmp_path):
    for script in (".venv/bin/activate", "ros2_ws/install/setup.bash"):
        path = tmp_path / script
        path.parent.mkdir(parents=True)
        path.write_text(f"export SEEN=$SEEN:{path.name}")
    done = enter(tmp_path, "sh", "-c", 'echo "$SEEN" "$1"; exit 3', "sh", "a b")
    assert (done.returncode, done.stdout) == (3, ":activate:setup.bash a b\n")


def test_the_entrypoint_names_what_is_not_built(tmp_path):
    done = enter(tmp_path, "true")
    assert done.returncode == 1
    assert done.stderr == (
        f"entrypoint: error: no {tmp_path}/.venv/bin/activate; run scripts/setup.sh\n"
    )
