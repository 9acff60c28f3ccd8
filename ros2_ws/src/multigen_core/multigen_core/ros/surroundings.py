"""What a node needs of its environment before ROS begins, checked or mended."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from multigen_core.errors import MultigenError
from multigen_core.ros.alone import domain

SHARED_MEMORY = Path("/dev/shm")
PER_NODE = 18
"""What a node takes of it with our transport settings [MiB]."""
MOST_NODES = 5
"""How many a simulated stack has."""
_MEBIBYTE = 2**20


def settle() -> None:
    """Prepare for one node.

    Raises:
        MultigenError: what is wrong, and what to do.
    """
    check_domain()
    if os.environ.get("FASTRTPS_DEFAULT_PROFILES_FILE"):
        check_shared_memory(1)
    _find_a_place_for_logs()


def check_domain() -> None:
    """Raises a MultigenError if ROS_DOMAIN_ID is no domain."""
    text = domain()
    if not text.isdecimal() or int(text) > 232:
        raise MultigenError(f"ROS_DOMAIN_ID is {text!r}: give a number from 0 to 232, or unset it")


def check_shared_memory(nodes: int) -> None:
    """Raises a MultigenError if there is not enough for so many nodes: writing would kill them."""
    if not SHARED_MEMORY.is_dir():
        return
    free, needed = shutil.disk_usage(SHARED_MEMORY).free / _MEBIBYTE, nodes * PER_NODE
    if free < needed:
        raise MultigenError(
            f"{SHARED_MEMORY} has {free:.0f} MiB free of the {needed} needed: in a container give "
            "--shm-size=512m or --ipc=host; else remove its fastrtps_* files while no ROS runs"
        )


def _find_a_place_for_logs() -> None:
    """Without a home, or with one that cannot be written, rcl would refuse to start."""
    try:
        place = _log_directory()
        place.mkdir(parents=True, exist_ok=True)
        if os.access(place, os.W_OK):
            return
    except (KeyError, OSError):
        pass
    fallback = Path(tempfile.gettempdir(), f"ros_log_{os.getuid()}")
    fallback.mkdir(exist_ok=True)
    os.environ["ROS_LOG_DIR"] = str(fallback)


def _log_directory() -> Path:
    """Where rcl keeps its logs; KeyError without a home."""
    if given := os.environ.get("ROS_LOG_DIR"):
        return Path(given).expanduser()
    return Path(os.environ.get("ROS_HOME") or Path(os.environ["HOME"], ".ros"), "log")
