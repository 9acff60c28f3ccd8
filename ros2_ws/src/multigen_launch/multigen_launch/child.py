"""One running node: its process group and the lines it writes."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from multigen_launch.plan import NodePlan

_CHUNK = 1 << 16


class Child:
    """A node in its own session, so that signals reach all it starts and nobody else."""

    def __init__(
        self,
        plan: NodePlan,
        directory: Path,
        selector: selectors.BaseSelector,
        show: Callable[[Child, str, bool], None],
    ) -> None:
        """Start it; `show(child, line, is_stderr)` gets every line it writes.

        Raises:
            OSError: the executable cannot be run.
        """
        self.plan = plan
        self.command = plan.command(plan.parameter_files(directory))
        self._selector, self._show = selector, show
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **plan.environment},
            start_new_session=True,
        )
        self.pid = self._process.pid
        assert self._process.stdout
        assert self._process.stderr
        self._rest: dict[int, bytes] = {}
        for stream in (self._process.stdout, self._process.stderr):
            os.set_blocking(stream.fileno(), False)
            self._rest[stream.fileno()] = b""
            selector.register(stream, selectors.EVENT_READ, self._readable)
        self._stderr = self._process.stderr.fileno()

    def _readable(self, fd: int) -> bool:
        """Show what can be read; whether there may be more."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        *lines, self._rest[fd] = (self._rest[fd] + data).split(b"\n")
        if not data and self._rest[fd]:
            lines, self._rest[fd] = [self._rest[fd]], b""
        for line in lines:
            self._show(self, line.decode(errors="replace").rstrip("\r"), fd == self._stderr)
        if not data:
            self._selector.unregister(fd)
        return bool(data)

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def poll(self) -> int | None:
        """The exit status once it has ended, None before; collects the last output then."""
        status = self._process.poll()
        if status is None:
            return None
        self.signal(signal.SIGKILL)
        for fd in list(self._rest):
            while fd in self._selector.get_map() and self._readable(fd):
                pass
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream
            stream.close()
        return status
