"""How every node begins and ends, whatever its launch does."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

START = "from multigen_core.ros.start import main; main()"
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def slow_node(tmp_path):
    """The command of a node whose imports take for ever."""
    (tmp_path / "slow_node.py").write_text(
        "import time\nprint('importing', flush=True)\ntime.sleep(600)"
    )
    package = tmp_path / "slow-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[multigen.nodes]\nslow = slow_node:main\n")
    script = tmp_path / "slow"
    script.write_text(START)
    return [sys.executable, str(script)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_the_imports_ends_a_node_without_a_word(slow_node, tmp_path, number):
    path = f"{tmp_path}:{os.environ['PYTHONPATH']}"
    node = subprocess.Popen(
        slow_node,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert node.stdout.readline() == "importing\n"
    node.send_signal(number)
    assert node.communicate()[0] == ""
    assert node.returncode == -number


@pytest.fixture
def recorder():
    """The recorder's executable."""
    prefixes = os.environ["AMENT_PREFIX_PATH"].split(os.pathsep)
    paths = (Path(prefix, "lib/multigen_core/recorder") for prefix in prefixes)
    return next(path for path in paths if path.exists())


@pytest.fixture
def launched(domain, recorder, wait, tmp_path, monkeypatch):
    """A recorder and the process that started it: `launched(end_with_parent)`."""
    processes = []

    def make(end_with_parent):
        monkeypatch.setenv("MULTIGEN_END_WITH_PARENT", end_with_parent)
        parameters = ["-p", f"bag_dir:={tmp_path}", "-p", "name:=bag"]
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, recorder, "--ros-args", *parameters],
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(parent.pid)
        child = int(parent.stdout.readline())
        processes.append(child)
        wait((tmp_path / "bag/bag.mcap").exists, "the recorder")
        return parent, child

    yield make
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_launched_node_ends_well_when_its_launch_is_gone(launched, wait, tmp_path):
    parent, _ = launched("true")
    parent.kill()
    wait((tmp_path / "bag/metadata.yaml").exists, "the end of the recorder")


def test_a_node_on_its_own_outlives_whoever_started_it(launched, wait, tmp_path):
    parent, child = launched("false")
    parent.kill()
    parent.wait()
    wait(lambda: _parent(child) != parent.pid, "another parent")
    time.sleep(1.0)  # Five looks at who the parent is.
    assert not (tmp_path / "bag/metadata.yaml").exists()
    os.kill(child, signal.SIGINT)
    wait((tmp_path / "bag/metadata.yaml").exists, "the end of the recorder")


def _parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_debug_log_tells_of_the_node_and_not_of_the_layers_below(recorder, start, wait, tmp_path):
    options = ["--log-level", "debug", "-p", f"bag_dir:={tmp_path}"]
    node = start(str(recorder), "--ros-args", *options)
    wait(lambda: "parameters: {'bag_dir'" in node.output, "the parameters")
    wait(lambda: "messages_per_s" in node.output, "a report")
    node.end()
    lines = node.output.splitlines()
    assert {line.split("[")[3].split("]")[0] for line in lines if "[DEBUG]" in line} == {"recorder"}
