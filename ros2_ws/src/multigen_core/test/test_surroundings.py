"""What nodes make of an odd environment."""

import os
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from multigen_core.cli import main
from multigen_core.errors import MultigenError
from multigen_core.ros import surroundings

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def recorder(start_node, tmp_path):
    """Starts a recorder, which needs a clock, a disk and a log."""
    return lambda: start_node("multigen_core", "recorder", bag_dir=tmp_path / "bags")


@pytest.mark.parametrize("home", [None, "/proc"])
def test_a_node_runs_without_a_home_of_its_own(recorder, wait, monkeypatch, home):
    monkeypatch.delenv("ROS_LOG_DIR", raising=False)
    monkeypatch.delenv("HOME")
    if home:
        monkeypatch.setenv("HOME", home)
    node = recorder()
    wait(lambda: "recording" in node.output, "the recorder")
    assert node.end() == 0, node.output
    logs = Path(tempfile.gettempdir(), f"ros_log_{os.getuid()}")
    assert list(logs.glob(f"*_{node.child.pid}_*.log"))


@pytest.mark.parametrize("text", ["abc", "-1", "233"])
def test_a_domain_that_is_none_is_refused_before_anything_starts(
    recorder, domain, monkeypatch, capsys, text
):
    monkeypatch.setenv("ROS_DOMAIN_ID", text)
    reason = f"ROS_DOMAIN_ID is {text!r}: give a number from 0 to 232, or unset it"
    recorder().refuses(reason)
    assert main(["check"]) == 1
    assert capsys.readouterr().err == f"multigen check: error: {reason}\n"


@pytest.mark.parametrize(("free", "nodes", "fits"), [(64, 3, True), (64, 5, False), (0, 1, False)])
def test_shared_memory_must_do_for_every_node(monkeypatch, free, nodes, fits):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 0, free * 2**20))
    if fits:
        surroundings.check_shared_memory(nodes)
        return
    with pytest.raises(MultigenError, match=f"has {free} MiB free of the {nodes * 18} needed"):
        surroundings.check_shared_memory(nodes)
