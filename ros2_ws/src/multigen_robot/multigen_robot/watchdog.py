"""Runs a process that must never hang: without a heartbeat it is killed and restarted.

The child periodically writes a line to the pipe in `HEARTBEAT`. The last line is passed to its
successor in `LAST_WORDS`, to resume from.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from multigen_core.errors import MultigenError
from multigen_core.ros.start import orphaned

HEARTBEAT = "MULTIGEN_HEARTBEAT"
LAST_WORDS = "MULTIGEN_LAST_WORDS"
SILENCE = 2.0
"""Longest time between heartbeats [s]."""
STARTUP = 30.0
"""Longest time until the first heartbeat, and from the last one to the exit [s]."""
_PERIOD = 0.25
_PAUSE = 0.5


class Heart:
    """The child's side; does nothing without a watchdog."""

    def __init__(self) -> None:
        pipe = os.environ.get(HEARTBEAT)
        self._pipe = int(pipe) if pipe else None
        self.last_words = os.environ.get(LAST_WORDS, "")
        """Last line of the predecessor; empty for the first process."""

    def beat(self, words: str) -> None:
        """Send a heartbeat, with the state for a successor.

        Raises:
            MultigenError: the watchdog is gone; raised once.
        """
        if self._pipe is None:
            return
        try:
            os.write(self._pipe, f"{words}\n".encode())
        except BrokenPipeError as error:
            self._pipe = None
            raise MultigenError("its watchdog is gone; exiting") from error

    def stop(self) -> None:
        """Tell that this process ends and wants no successor."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


class Watchdog:
    """Keeps `command` running under `name`, and forwards SIGINT and SIGTERM to it."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = list(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._words = ""

    def run(self) -> int:
        """Run until the command exits on its own or on request; return its exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._pass_on)
        while True:
            status = self._live()
            if status >= 0:
                return status
            if self._asked:
                return 0 if -status in (signal.SIGINT, signal.SIGTERM) else 1
            time.sleep(_PAUSE)

    def _pass_on(self, number: int, frame: FrameType | None = None) -> None:
        self._asked = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(number)

    def _live(self) -> int:
        """Run the child once; return its exit status, negative if a signal ended it."""
        reader, writer = os.pipe()
        environment = {**os.environ, HEARTBEAT: str(writer), LAST_WORDS: self._words}
        self._child = child = subprocess.Popen(self._command, env=environment, pass_fds=[writer])
        os.close(writer)
        if self._asked:
            child.send_signal(signal.SIGINT)
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            hung = self._listen(pipe.fileno())
        try:
            status = child.wait(0.0 if hung else STARTUP)
        except subprocess.TimeoutExpired:
            child.kill()
            status = child.wait()
            if not hung:
                return 1
        if not self._asked and status < 0:
            how = "hung and was killed" if hung else f"died of {signal.Signals(-status).name}"
            print(f"{self._name}: error: {how}; restarting", file=sys.stderr, flush=True)
        return status

    def _listen(self, pipe: int) -> bool:
        """Listen until heartbeats stop; return whether the child is still alive.

        Silence is counted in waits, so a pause of the whole machine does not count.
        """
        silence, limit = 0.0, STARTUP
        while silence < limit:
            if select.select([pipe], [], [], _PERIOD)[0]:
                said = os.read(pipe, 4096)
                if not said:
                    return False
                self._words = said.decode().split("\n")[-2]
                silence, limit = 0.0, SILENCE
            else:
                silence += _PERIOD
            if orphaned() and not self._asked:
                self._pass_on(signal.SIGINT)
            if self._asked:
                limit = STARTUP
        return True
