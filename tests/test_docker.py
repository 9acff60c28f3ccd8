"""What docker/ says, as far as it can be checked without Docker."""

import argparse
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from multigen_core.contract import DIAGNOSTICS
from multigen_launch.arguments import declared
from multigen_policy.learned.train_command import register_train

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
COMPOSE = (ROOT / "docker/compose.yaml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
GPU = yaml.safe_load((ROOT / "docker/compose.gpu.yaml").read_text())["services"]
STAGES = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.M)


def filled(text: str) -> str:
    """`text` as compose reads it where no variable is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


COMMANDS = [
    *(filled(service["command"]) for service in SERVICES.values() if "command" in service),
    *(shlex.join(json.loads(words)) for words in re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.M)),
]


@pytest.mark.parametrize("command", [words for words in COMMANDS if "multigen launch" in words])
def test_launches_exist_and_give_arguments_that_do(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    tool, verb, file, *arguments = shlex.split(command)
    assert (tool, verb) == ("multigen", "launch")
    known, _ = declared(Path(file))
    for argument in arguments:
        name, _, value = argument.partition(":=")
        assert name in known
        assert not known[name].choices or value in known[name].choices


def test_the_training_that_compose_starts_has_options_that_exist(capsys):
    tool, verb, *options = shlex.split(filled(SERVICES["train"]["command"]))
    assert (tool, verb) == ("multigen", "train-policy")
    parser = argparse.ArgumentParser()
    register_train(parser)
    assert str(parser.parse_args(options).out).startswith("/data/")


@pytest.mark.parametrize("words", re.findall(r"scripts/setup\.sh *([^\n&]*)", DOCKERFILE))
def test_set_up_has_the_options_that_the_images_are_made_with(words):
    known = re.search(r"known: (.*)\" >&2", (ROOT / "scripts/setup.sh").read_text())[1].split(", ")
    assert set(words.split()) <= {*known, "${SETUP_OPTIONS}"}


def test_what_is_copied_exists_and_reaches_the_builder():
    allowed = set()
    for line in (ROOT / "docker/Dockerfile.dockerignore").read_text().splitlines():
        if line.startswith("!"):
            allowed.add(line.removeprefix("!"))
    copied = [
        word for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M) for word in line.split()
    ]
    for path in copied:
        assert (ROOT / path).exists()
        assert {path, path.split("/")[0]} & allowed


def test_the_test_image_holds_all_that_a_test_may_read():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a checkout")
    tracked = {line.split("/")[0] for line in listing.stdout.splitlines()}
    copied = re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M)
    held = {word.split("/")[0] for line in copied for word in line.split()}
    assert tracked - held == {".ci", ".gitignore", "LICENSE", "bags"}


def test_what_compose_builds_are_stages():
    assert {service["build"]["target"] for service in SERVICES.values()} <= set(STAGES)
    assert GPU.keys() <= SERVICES.keys()


def test_only_the_tests_run_as_root_and_only_bags_are_written():
    roots = [name for name, service in SERVICES.items() if "UID:-1000" not in service["user"]]
    assert roots == ["test"]
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = filled(volume).split(":")[0]
            assert source == "/dev" or (ROOT / "docker" / source).resolve() == ROOT / "bags"


def test_every_variable_of_compose_is_documented():
    page = (ROOT / "docs/docker.md").read_text()
    for name in set(re.findall(r"\$\{(\w+)", COMPOSE)):
        assert f"`{name}`" in page


def test_the_health_check_asks_for_a_topic_of_the_contract_and_ends_by_itself():
    health = SERVICES["real"]["healthcheck"]
    assert health["test"][-2:] == [DIAGNOSTICS.name, DIAGNOSTICS.type]
    patience = int(health["test"][health["test"].index("timeout") + 1])
    assert patience < int(health["timeout"].removesuffix("s"))


def test_processes_that_end_are_reaped():
    assert all(service["init"] is True for service in SERVICES.values())


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
