"""A running process: its group, its output, and the last signal it was sent."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from multigen_launch.process_plan import ProcessPlan

_CHUNK = 1 << 16
_END_WITH_PARENT = "MULTIGEN_END_WITH_PARENT"
"""Makes nodes exit when their launcher does; unused here, as the guardian stops them in order."""


class Child:
    """A process in its own session, so that signals reach its children and nothing else."""

    def __init__(
        self,
        plan: ProcessPlan,
        directory: Path,
        selector: selectors.BaseSelector,
        show: Callable[[Child, str, bool], None],
        youth: float,
    ) -> None:
        """Start it; `show(child, line, is_stderr)` receives every line it writes.

        For `youth` seconds it counts as starting: SIGINT during imports would make Python print a
        long traceback, so SIGTERM is sent instead, which ends it quietly.

        Raises:
            OSError: the executable cannot be run.
        """
        self.plan = plan
        self.command = plan.prepare(directory)
        self.asked: signal.Signals | None = None
        """Last request to exit: none, SIGINT, SIGTERM or SIGKILL."""
        self._asked_at = 0.0
        self._grown = time.monotonic() + youth
        self._selector, self._show = selector, show
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **plan.environment, _END_WITH_PARENT: "false"},
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
        """Show the available output; return whether there may be more."""
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

    def ask(self, number: signal.Signals) -> None:
        """Ask it to exit: first SIGINT, then SIGTERM, then SIGKILL."""
        now = time.monotonic()
        if self.asked is None:
            self._asked_at = now
        self.asked = number
        starting = number is signal.SIGINT and now < self._grown
        self.signal(signal.SIGTERM if starting else number)

    @property
    def deadline(self) -> float | None:
        """Time of the next signal (monotonic) [s]; an early SIGTERM does not advance SIGKILL."""
        patience = self.plan.patience
        if self.asked is signal.SIGINT:
            return self._asked_at + patience.sigterm_timeout
        if self.asked is signal.SIGTERM:
            return self._asked_at + patience.sigterm_timeout + patience.sigkill_timeout
        return None

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def poll(self) -> int | None:
        """The exit status, None while running; collects the last output at the end."""
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
