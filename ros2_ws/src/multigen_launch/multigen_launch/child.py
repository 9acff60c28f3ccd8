"""One running process: its group, the lines it writes, and how hard it has been asked to end."""

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
"""What nodes that notice the launcher's end by themselves read; here the guardian ends them in
turn."""


class Child:
    """A process in its own session, so that signals reach all it starts and nobody else."""

    def __init__(
        self,
        plan: ProcessPlan,
        directory: Path,
        selector: selectors.BaseSelector,
        show: Callable[[Child, str, bool], None],
        youth: float,
    ) -> None:
        """Start it; `show(child, line, is_stderr)` gets every line it writes.

        For `youth` seconds it is taken to be starting yet: SIGINT would make Python print pages of
        traceback from the midst of its imports, so SIGTERM takes its place, which ends it quietly.

        Raises:
            OSError: the executable cannot be run.
        """
        self.plan = plan
        self.command = plan.prepare(directory)
        self.asked: signal.Signals | None = None
        """How hard it has been asked to end: not at all, by SIGINT, SIGTERM or SIGKILL."""
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

    def ask(self, number: signal.Signals) -> None:
        """Ask it to end: SIGINT first, then SIGTERM, then SIGKILL."""
        now = time.monotonic()
        if self.asked is None:
            self._asked_at = now
        self.asked = number
        starting = number is signal.SIGINT and now < self._grown
        self.signal(signal.SIGTERM if starting else number)

    @property
    def deadline(self) -> float | None:
        """When it is due for the next signal (monotonic) [s]; an early SIGTERM hastens no kill."""
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
