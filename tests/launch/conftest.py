"""The repository's launch files over a prefix whose executables do nothing."""

import os
from pathlib import Path

import pytest

from multigen_launch import resolve

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "ros2_ws/src"
EXECUTABLES = {
    "multigen_core": ("recorder", "bag_player"),
    "multigen_sim": ("simulator",),
    "multigen_audio": ("audio_synthesizer",),
    "multigen_policy": ("policy",),
    "multigen_robot": ("arm_guard", "mock_arm", "camera", "microphone"),
    "multigen_view": ("view",),
    "usb_cam": ("usb_cam_node_exe",),
    "rviz2": ("rviz2",),
    "kortex_bringup": (),
}


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """An install prefix with every package that the launch files name.

    Its `multigen` accepts everything and keeps what it was asked in `checked`.
    """
    for package, names in EXECUTABLES.items():
        (tmp_path / "share" / package).mkdir(parents=True)
        (tmp_path / "lib" / package).mkdir(parents=True)
        if (SOURCES / package / "config").is_dir():
            (tmp_path / "share" / package / "config").symlink_to(SOURCES / package / "config")
        for name in names:
            (tmp_path / "lib" / package / name).touch(0o755)
    checker = tmp_path / "bin/multigen"
    checker.parent.mkdir()
    checker.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/checked\n")
    checker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{checker.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    for name in ("ROS_VERSION", "MUJOCO_GL", "FASTRTPS_DEFAULT_PROFILES_FILE", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def plan(prefix):
    """Resolves a launch file: `plan("multigen", sim="false")`."""

    def make(file: str, **arguments: str):
        return resolve(ROOT / "launch" / f"{file}.launch.xml", arguments)

    return make
