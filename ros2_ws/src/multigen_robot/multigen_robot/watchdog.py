"""Runs a process that must never hang: a heart that stops beating is killed and started again.

The child writes a line every now and then to the pipe that `HEARTBEAT` names. The last line, from
which its successor goes on, is passed to that in `LAST_WORDS`.
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

HEARTBEAT = "MULTIGEN_HEARTBEAT"
LAST_WORDS = "MULTIGEN_LAST_WORDS"
SILENCE = 2.0
"""How long a heart may pause [s]."""
STARTUP = 30.0
"""How long until its first beat, and for its end once it was asked to [s]."""
_PERIOD = 0.25
_PAUSE = 0.5


class Heart:
    """The child's side; beats nowhere if no watchdog listens."""

    def __init__(self) -> None:
        pipe = os.environ.get(HEARTBEAT)
        self._pipe = int(pipe) if pipe else None
        self.last_words = os.environ.get(LAST_WORDS, "")
        """What the predecessor said last; empty for the first."""

    def beat(self, words: str) -> None:
        """Tell that this process does well, and what its successor should know.

        Raises:
            MultigenError: the watchdog is gone; raised once.
        """
        if self._pipe is None:
            return
        try:
            os.write(self._pipe, f"{words}\n".encode())
        except BrokenPipeError as error:
            self._pipe = None
            raise MultigenError("its watchdog has ended, so it ends, too") from error


class Watchdog:
    """Keeps `command` running under `name`, and passes SIGINT and SIGTERM on to it."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = list(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._words = ""

    def run(self) -> int:
        """Run until the command ends by itself or was asked to; returns its exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._pass_on)
        while True:
            status = self._live()
            if self._asked:
                return max(status, 0)
            if status >= 0:
                return status
            time.sleep(_PAUSE)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(number)

    def _live(self) -> int:
        """One life of the child; its exit status, negative if a signal ended it."""
        reader, writer = os.pipe()
        environment = {**os.environ, HEARTBEAT: str(writer), LAST_WORDS: self._words}
        self._child = child = subprocess.Popen(self._command, env=environment, pass_fds=[writer])
        os.close(writer)
        if self._asked:
            child.send_signal(signal.SIGINT)
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            hung = self._listen(pipe.fileno())
        if hung:
            child.kill()
        status = child.wait()
        if not self._asked and status < 0:
            how = "hung and was killed" if hung else f"died of {signal.Signals(-status).name}"
            print(f"{self._name}: error: {how}; starts again", file=sys.stderr, flush=True)
        return status

    def _listen(self, pipe: int) -> bool:
        """Listen until the heart stops; whether the child still lives then.

        Silence is counted in waits, so that a pause of the whole machine is none.
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
            if self._asked:
                limit = STARTUP
        return True
