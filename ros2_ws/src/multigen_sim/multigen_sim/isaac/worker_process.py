"""The supervised process in which Isaac Sim runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multigen_core.errors import MultigenError, WorkerDiedError
from multigen_sim.isaac import diagnosis
from multigen_sim.isaac.installation import clean_environment
from multigen_sim.isaac.worker.frames import (
    VERSION,
    Arrays,
    Connection,
    Fields,
    LostConnection,
    ProtocolError,
)

PATIENCE = 4.0
"""Longest wait for an answer while a pour runs [s]; with the kill, a hang is told within 5 s."""
CONNECT_PATIENCE = 60.0
"""Longest time to the worker's first words [s]: Python starts, from a cold disk perhaps."""
_START = Path(__file__).parent / "worker" / "start.py"
_GRACE = 3.0


class WorkerProcess:
    """Starts the worker and asks it one thing at a time; ends it, whatever happens.

    Its log is in a folder of its own, which is kept if it fails. Not thread-safe.
    """

    def __init__(self, python: Path) -> None:
        """Start the worker in `python` and wait for its first words.

        Raises:
            MultigenError: it ends, hangs or speaks another version of the protocol.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="multigen-isaac-"))
        """Its socket, its log and what it writes."""
        self.log = self.folder / "isaac.log"
        address = str(self.folder / "socket")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen(1)
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [str(python), str(_START), address],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=clean_environment(),
                start_new_session=True,
            )
        self._end = weakref.finalize(self, _kill, self._child)
        try:
            self._connection = Connection(self._accept(listener))
            self.python = self._hello()
        finally:
            listener.close()

    def ask(
        self,
        request: str,
        fields: Mapping[str, Any] | None = None,
        arrays: Mapping[str, Any] | None = None,
        patience: float = PATIENCE,
    ) -> tuple[Fields, Arrays]:
        """The answer to a request, which must come within `patience` [s].

        Raises:
            MultigenError: the worker says why it cannot.
            WorkerDiedError: it has ended, or hangs and was stopped.
        """
        try:
            self._connection.send({**(fields or {}), "request": request}, arrays, patience)
            answer, data = self._connection.receive(patience, self._alive)
        except LostConnection:
            raise self._died() from None
        except TimeoutError:
            self.kill()
            raise WorkerDiedError(
                f"Isaac Sim did not answer {request!r} within {patience:g} s and was stopped: "
                f"{diagnosis.reason(self.log)}"
            ) from None
        except ProtocolError as error:
            self.kill()
            raise WorkerDiedError(f"Isaac Sim's worker was stopped: {error}") from error
        if "error" in answer:
            raise MultigenError(f"Isaac Sim: {answer['error']} (log: {self.log})")
        return answer, data

    def close(self) -> None:
        """Ask it to end, and see that it does."""
        if self._alive():
            with contextlib.suppress(LostConnection, TimeoutError):
                self._connection.send({"request": "close"}, limit=1.0)
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_GRACE)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Of the process, which may be the shell that runs Isaac Sim's Python."""
        return self._child.pid

    def kill(self) -> None:
        """End it now, with all that it started."""
        self._end()

    def _alive(self) -> bool:
        return self._child.poll() is None

    def _accept(self, listener: socket.socket) -> socket.socket:
        deadline = time.monotonic() + CONNECT_PATIENCE
        listener.settimeout(0.2)
        while time.monotonic() < deadline:
            try:
                return listener.accept()[0]
            except TimeoutError:
                if not self._alive():
                    raise self._died() from None
        self.kill()
        raise WorkerDiedError(
            f"Isaac Sim's Python said nothing for {CONNECT_PATIENCE:g} s and was stopped: "
            f"{diagnosis.reason(self.log)}"
        )

    def _hello(self) -> str:
        try:
            fields, _ = self._connection.receive(PATIENCE, self._alive)
        except (LostConnection, TimeoutError):
            raise self._died() from None
        except ProtocolError as error:
            self.kill()
            raise MultigenError(f"Isaac Sim's worker: {error}; rebuild the workspace") from error
        if fields.get("hello") != VERSION:
            self.kill()
            raise MultigenError(
                f"Isaac Sim's worker speaks version {fields.get('hello')!r} of the protocol, "
                f"expected {VERSION}: rebuild the workspace"
            )
        return str(fields.get("python", "unknown"))

    def _died(self) -> WorkerDiedError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(1.0)
        status = self._child.returncode
        self.kill()
        if status is None:
            how = "hung up"
        elif status < 0:
            how = f"was ended by signal {-status} ({_signal_name(-status)})"
        else:
            how = f"ended with status {status}"
        return WorkerDiedError(f"Isaac Sim {how}: {diagnosis.reason(self.log)}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the process group, which outlives its leader where python.sh is a shell script."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
