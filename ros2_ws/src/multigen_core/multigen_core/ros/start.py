"""Entry point of every node's executable, before the slow imports.

A package registers its nodes in the entry-point group `multigen.nodes` under the names of their
executables, which all run `main` here.
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
"""Parent of this process at its start."""
END_WITH_PARENT = "MULTIGEN_END_WITH_PARENT"
"""Set to true by the launch files, because `ros2 launch` leaves its nodes running on SIGTERM, and
an old arm guard must not keep running next to that of a new launch."""


def orphaned() -> bool:
    """Whether the launch that started this process has ended without it."""
    return os.environ.get(END_WITH_PARENT) == "true" and os.getppid() != PARENT


def main() -> None:
    """Run the node that this executable is named after.

    Until the node handles signals itself, SIGINT ends the process as SIGTERM does: immediately and
    without the long traceback that Python prints when interrupted during an import.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    name = Path(sys.argv[0]).name
    (entry,) = entry_points(group=GROUP, name=name)
    try:
        run = entry.load()
    except MultigenError as error:
        sys.exit(f"{name}: error: {error}")
    run()
