"""Where the executable of every node begins: before the slow imports.

A package registers its nodes in the entry-point group `multigen.nodes` by the names of their
executables, and makes the executables from `main` here.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import entry_points
from pathlib import Path

from multigen_core.errors import MultigenError

GROUP = "multigen.nodes"
PARENT = os.getppid()
"""Who started this process."""


def main() -> None:
    """Run the node that this executable is named after.

    Until the node takes its signals itself, SIGINT ends the process as SIGTERM does: at once and
    without the page of traceback that Python would print from the midst of an import.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    name = Path(sys.argv[0]).name
    (entry,) = entry_points(group=GROUP, name=name)
    try:
        run = entry.load()
    except MultigenError as error:
        sys.exit(f"{name}: error: {error}")
    run()
