"""ROS 2's own launch system, if installed: it runs Python launch files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NoReturn


def available() -> bool:
    """Whether `ros2 launch` can run Python launch files here."""
    modules = ("launch", "launch_xml", "launch_ros", "ros2launch")
    return shutil.which("ros2") is not None and all(find_spec(name) for name in modules)


def hand_over(arguments: Sequence[str]) -> NoReturn:
    """Replace this process with `ros2 launch arguments`; does not return."""
    os.execvp("ros2", ["ros2", "launch", *arguments])
