"""`multigen launch`: runs a launch file, with or without ROS 2's own launch system.

It runs XML files itself even where ROS 2's launch is installed, because `ros2 launch` exits with
status 0 whatever its nodes do, stops all of them at once, and leaves them running on SIGTERM.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from multigen_launch import genuine
from multigen_launch.arguments import Argument, declared
from multigen_launch.errors import LaunchError
from multigen_launch.interpreter import resolve
from multigen_launch.packages import launch_file_of
from multigen_launch.runner import launch


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `multigen launch`."""
    parser.description = (
        "Run a launch file. Exit status: 0 if every process exited cleanly, on its own or on "
        "request (Ctrl-C, SIGTERM, exit of an on_exit=shutdown node); 1 if any failed, or if the "
        "file or its arguments are invalid. Processes stop one by one, in reverse order. "
        "Python launch files need ROS 2's own launch system."
    )
    parser.add_argument("file", help="a launch file, or the package that contains it")
    parser.add_argument(
        "arguments", nargs="*", metavar="NAME:=VALUE", help="launch arguments; FILE after a package"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-s", "--show-args", action="store_true", help="list the file's arguments")
    group.add_argument(
        "-p", "--print", "--dry-run", dest="dry", action="store_true", help="show what would start"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run, show or describe the launch file.

    Raises:
        LaunchError: the file or its arguments are invalid.
    """
    path, words = _locate(args.file, list(args.arguments))
    arguments = _parse(words)
    if path.suffix == ".py":
        if not genuine.available():
            raise LaunchError(f"{path}: Python launch files need a full ROS 2 installation")
        options = ["--show-args"] * args.show_args + ["--print"] * args.dry
        genuine.hand_over([*options, str(path), *words])
    if args.show_args:
        print(_describe(declared(path)[0].values()))
        return 0
    if args.dry:
        print(resolve(path, arguments).describe())
        return 0
    return launch(path, arguments)


def _locate(first: str, rest: list[str]) -> tuple[Path, list[str]]:
    path = Path(first)
    if path.is_file():
        return path, rest
    if rest and ":=" not in rest[0] and "/" not in first:
        return launch_file_of(first, rest[0]), rest[1:]
    raise LaunchError(f"{first}: no such launch file; for one in a package: PACKAGE FILE")


def _parse(words: list[str]) -> dict[str, str]:
    arguments = {}
    for word in words:
        name, separator, value = word.partition(":=")
        if not separator or not name:
            raise LaunchError(f"{word!r} is not a launch argument: write name:=value")
        arguments[name] = value
    return arguments


def _describe(arguments: Iterable[Argument]) -> str:
    lines = ["Arguments, given as name:=value:"]
    for argument in arguments:
        if argument.computed:
            continue
        default = "required" if argument.default is None else f"default: {argument.default!r}"
        lines += ["", f"    {argument.name} ({default})"]
        if argument.choices:
            lines.append(f"        one of: {', '.join(map(repr, argument.choices))}")
        lines.append(f"        {argument.description or 'no description'}")
    return "\n".join(lines)
