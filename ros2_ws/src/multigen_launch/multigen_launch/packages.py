"""Locates ROS packages and their executables with AMENT_PREFIX_PATH."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from multigen_launch.errors import LaunchError


def _prefixes() -> Iterator[Path]:
    paths = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return (Path(path) for path in paths if path)


def share_of(package: str, where: str) -> Path:
    """The share directory of a package.

    Raises:
        LaunchError: it is not installed.
    """
    for prefix in _prefixes():
        if (prefix / "share" / package).is_dir():
            return prefix / "share" / package
    raise LaunchError(
        f"{where}: package {package!r} not found: source the workspace that contains it, "
        f"or on a ROS installation: apt install ros-$ROS_DISTRO-{package.replace('_', '-')}"
    )


def executable_of(package: str, name: str, where: str) -> Path:
    """The path of `<prefix>/lib/<package>/<name>`.

    Raises:
        LaunchError: the package or the executable is missing.
    """
    directories = [prefix / "lib" / package for prefix in _prefixes()]
    for directory in directories:
        path = directory / name
        if path.is_file() and os.access(path, os.X_OK):
            return path
    share_of(package, where)
    known = sorted(
        {path.name for folder in directories if folder.is_dir() for path in folder.iterdir()}
    )
    raise LaunchError(
        f"{where}: package {package!r} has no executable {name!r}; "
        f"it has: {', '.join(known) or 'none (build the workspace)'}"
    )


def launch_file_of(package: str, name: str) -> Path:
    """A launch file anywhere in a package's share directory.

    Raises:
        LaunchError: there is none with that name, or several.
    """
    share = share_of(package, "multigen launch")
    found = sorted(share.rglob(name))
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(path.name for path in share.rglob("*.launch.*"))) or "none"
    reason = "several launch files are named" if found else "no launch file is named"
    raise LaunchError(f"package {package}: {reason} {name!r}; it has: {known}")
