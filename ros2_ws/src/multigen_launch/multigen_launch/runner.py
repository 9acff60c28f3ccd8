"""Runs a plan: shows output as it comes, and leaves no process behind however it ends."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from multigen_launch.child import Child
from multigen_launch.errors import LaunchError
from multigen_launch.guardian import Guardian
from multigen_launch.interpreter import resolve
from multigen_launch.launch_log import LaunchLog
from multigen_launch.plan import LaunchPlan, NodePlan

GRACE = 5.0
"""Time between SIGINT, SIGTERM and SIGKILL when stopping [s]."""

_STAGES = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def launch(path: str | Path, arguments: Mapping[str, str] | None = None) -> int:
    """Run a launch file until its nodes have ended; the main thread only.

    Ctrl-C, SIGTERM, SIGHUP and the end of an `on_exit="shutdown"` node stop every node: SIGINT,
    then SIGTERM and SIGKILL, `GRACE` apart; asking again takes the next step at once.

    Returns:
        0 if the nodes ended well or were stopped on request, whatever they made of the stop;
        1 if any node failed by itself before.

    Raises:
        LaunchError: the file or an argument is wrong; nothing was started.
    """
    return Runner(resolve(path, arguments)).run()


class Runner:
    """Starts the processes of one plan and stays until the last has ended."""

    def __init__(self, plan: LaunchPlan, grace: float = GRACE) -> None:
        self._plan, self._grace = plan, grace
        self._children: list[Child] = []
        self._respawns: list[tuple[float, NodePlan]] = []
        self._selector = selectors.DefaultSelector()
        self._stage = -1
        self._deadline: float | None = None
        self._failed = False
        self._log = LaunchLog()

    def run(self) -> int:
        """Run to the end; see `launch`."""
        if not self._plan.nodes:
            raise LaunchError("the launch file starts nothing with these arguments")
        self._log.say("INFO", "launch", f"log files are in {self._log.directory}")
        self._guardian = Guardian(self._grace)
        with tempfile.TemporaryDirectory(prefix="multigen_launch_") as directory, self._signals():
            try:
                for plan in self._plan.nodes:
                    self._start(plan, Path(directory))
                while self._children or self._respawns:
                    self._step()
                    self._respawn(Path(directory))
            finally:
                for child in self._children:
                    child.signal(signal.SIGKILL)
                self._guardian.dismiss()
                self._log.close()
        return int(self._failed)

    def _start(self, plan: NodePlan, directory: Path) -> None:
        if self._stage >= 0:
            return
        try:
            child = Child(plan, directory, self._selector, self._show)
        except OSError as error:
            self._failed = True
            self._log.say("ERROR", plan.label, f"cannot start {plan.executable}: {error}")
            self._stop(f"{plan.label} cannot start")
            return
        self._children.append(child)
        self._guardian.watch(child.pid for child in self._children)
        self._log.say("INFO", plan.label, f"process started with pid [{child.pid}]")
        self._log.line(plan.label, shlex.join(child.command), on_screen=False)

    def _respawn(self, directory: Path) -> None:
        now = time.monotonic()
        due = [plan for when, plan in self._respawns if when <= now]
        self._respawns = [(when, plan) for when, plan in self._respawns if when > now]
        for plan in due:
            self._start(plan, directory)

    def _step(self) -> None:
        events = [when for when, _ in self._respawns]
        events += [] if self._deadline is None else [self._deadline]
        wait = max(0.0, min(events) - time.monotonic()) if events else None
        for key, _ in self._selector.select(wait):
            key.data(key.fd)
        if self._log.broken and self._stage < 0:
            self._stop("nobody reads the output any more")
        for child in list(self._children):
            status = child.poll()
            if status is not None:
                self._children.remove(child)
                self._guardian.watch(child.pid for child in self._children)
                self._ended(child, status)
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._stop(f"not ended {self._grace:g} s after {_STAGES[self._stage].name}")

    def _ended(self, child: Child, status: int) -> None:
        if status == 0:
            level, message = "INFO", "process has finished cleanly"
        elif self._stage >= 0 and status == -_STAGES[self._stage]:
            level, message = "INFO", f"process has ended on {_STAGES[self._stage].name}"
        else:
            level = "ERROR" if self._stage < 0 else "WARNING"
            message = f"process has died, exit code {status}"
        self._log.say(level, child.plan.label, f"{message} [pid {child.pid}]")
        if self._stage < 0:
            self._failed |= status != 0
            if child.plan.essential:
                self._stop(f"{child.plan.label} ended")
            elif child.plan.respawn_delay is not None:
                when = time.monotonic() + child.plan.respawn_delay
                self._respawns.append((when, child.plan))

    def _stop(self, reason: str) -> None:
        """Take the next step of stopping."""
        self._respawns.clear()
        self._stage = min(self._stage + 1, len(_STAGES) - 1)
        step = _STAGES[self._stage]
        self._deadline = time.monotonic() + self._grace
        level = "INFO" if self._stage == 0 else "ERROR"
        names = ", ".join(child.plan.label for child in self._children) or "nothing"
        self._log.say(level, "launch", f"{reason}: sending {step.name} to {names}")
        for child in self._children:
            child.signal(step)

    def _show(self, child: Child, line: str, is_stderr: bool) -> None:
        self._log.line(child.plan.label, line, on_screen=is_stderr or child.plan.output != "log")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn signals into readable bytes, so that they are handled between other events."""
        reader, writer = os.pipe()
        for fd in (reader, writer):
            os.set_blocking(fd, False)
        previous = {
            number: signal.signal(number, lambda *_: None)
            for number in (*_REQUESTS, signal.SIGCHLD)
        }
        previous_fd = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._selector.register(reader, selectors.EVENT_READ, self._signalled)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous_fd)
            for number, handler in previous.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(reader)
            os.close(writer)

    def _signalled(self, fd: int) -> None:
        for number in os.read(fd, 256):
            if number in _REQUESTS:
                self._stop(f"{signal.Signals(number).name} received")
