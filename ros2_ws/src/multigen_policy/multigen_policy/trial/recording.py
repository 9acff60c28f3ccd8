"""Records one bag with a recorder of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from multigen_core.errors import MultigenError

_START = 20.0
"""Longest time until the recorder writes [s]."""
_DISCOVERY = 3.0
"""Time it then takes to receive from all publishers [s]."""
_END = 20.0


@contextmanager
def recording(path: Path, namespace: str, **parameters: str) -> Iterator[None]:
    """Record the graph into a new bag at `path` while the block runs.

    Raises:
        MultigenError: the recorder does not start, or ended early, for example on a full disk.
    """
    given = {"bag_dir": str(path.parent), "name": path.name, **parameters}
    words = [word for name, value in given.items() for word in ("-p", f"{name}:={value}")]
    command = [sys.executable, "-m", "multigen_core.ros.recorder_node", "--ros-args", *words]
    if namespace:
        command += ["-r", f"__ns:=/{namespace.strip('/')}"]
    recorder = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + _START
        while not path.is_dir():
            if recorder.poll() is not None or time.monotonic() > deadline:
                raise MultigenError(f"the recorder does not start; see its message above ({path})")
            time.sleep(0.05)
        time.sleep(_DISCOVERY)
        yield
        if recorder.poll() is not None:
            raise MultigenError(f"the recorder ended early; what it recorded is kept in {path}")
    finally:
        if recorder.poll() is None:
            recorder.send_signal(signal.SIGINT)
        try:
            recorder.wait(_END)
        except subprocess.TimeoutExpired:
            recorder.kill()
