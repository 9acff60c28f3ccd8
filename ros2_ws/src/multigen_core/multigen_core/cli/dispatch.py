"""The `multigen` command: runs commands that packages register and reports errors in one line.

A package registers a command in the entry-point group `multigen.commands` with a function that
takes an `argparse.ArgumentParser`, adds its arguments and sets the default `run`, a function of the
parsed arguments that returns an exit status or None.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from multigen_core.errors import MultigenError

GROUP = "multigen.commands"


def _usage(commands: dict[str, EntryPoint]) -> str:
    return (
        "multigen COMMAND …\n\ncommands: "
        + ", ".join(sorted(commands))
        + ("\n\nFor help on a command: multigen COMMAND --help")
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = {entry.name: entry for entry in entry_points(group=GROUP)}
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage(commands))
        return 0
    name, *rest = arguments
    if name not in commands:
        print(f"multigen: error: unknown command {name!r}\n{_usage(commands)}", file=sys.stderr)
        return 2
    try:
        parser = argparse.ArgumentParser(prog=f"multigen {name}")
        commands[name].load()(parser)
        options = parser.parse_args(rest)
        return int(options.run(options) or 0)
    except MultigenError as error:
        print(f"multigen {name}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the pipe is gone; keep the interpreter from failing again on its last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
