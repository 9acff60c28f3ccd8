"""Runs a plan: shows output immediately, and never leaves a process behind."""

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
from multigen_launch.plan import LaunchPlan
from multigen_launch.process_plan import ProcessPlan

YOUTH = 2.0
"""Time until a process handles signals [s]."""
_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_HARDER = {signal.SIGINT: signal.SIGTERM, signal.SIGTERM: signal.SIGKILL}


def launch(path: str | Path, arguments: Mapping[str, str] | None = None) -> int:
    """Run a launch file until its processes have exited; only in the main thread.

    Ctrl-C, SIGTERM, SIGHUP and the exit of an `on_exit="shutdown"` node stop every process in
    reverse order: each gets SIGINT once those after it in the file have exited or needed SIGTERM,
    so a process that must outlive another comes before it. A second request sends SIGINT to all at
    once, a third SIGTERM; SIGKILL is sent only after a timeout.

    A node with `respawn="true"` that exits with `os.EX_CONFIG` cannot run as it is configured: it
    is not restarted, and the launch stops.

    Returns:
        0 if the processes exited cleanly, on their own or on request; 1 if any failed.

    Raises:
        LaunchError: the file or an argument is invalid; nothing was started.
    """
    return Runner(resolve(path, arguments)).run()


class Runner:
    """Starts the processes of one plan and runs until the last has exited."""

    def __init__(self, plan: LaunchPlan, youth: float = YOUTH) -> None:
        self._plan, self._youth = plan, youth
        self._children: list[Child] = []
        """The running processes, in the order of the plan."""
        self._respawns: list[tuple[float, ProcessPlan]] = []
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._failed = False
        self._log = LaunchLog()

    def run(self) -> int:
        """Run to the end; see `launch`."""
        if not self._plan.processes:
            raise LaunchError("the launch file starts nothing with these arguments")
        longest = max(plan.patience.sigterm_timeout for plan in self._plan.processes)
        self._guardian = Guardian(longest)
        with tempfile.TemporaryDirectory(prefix="multigen_launch_") as directory, self._signals():
            try:
                for plan in self._plan.processes:
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

    def _start(self, plan: ProcessPlan, directory: Path) -> None:
        if self._stopping:
            return
        try:
            child = Child(plan, directory, self._selector, self._show, self._youth)
        except OSError as error:
            self._failed = True
            self._log.say("ERROR", plan.label, f"cannot start: {error}")
            self._stop(f"{plan.label} cannot start")
            return
        self._children.append(child)
        self._children.sort(key=lambda child: self._plan.processes.index(child.plan))
        self._watch()
        self._log.say("INFO", plan.label, f"process started with pid [{child.pid}]")
        self._log.line(plan.label, shlex.join(child.command), on_screen=False)

    def _watch(self) -> None:
        self._guardian.watch(child.pid for child in reversed(self._children))

    def _respawn(self, directory: Path) -> None:
        now = time.monotonic()
        due = [plan for when, plan in self._respawns if when <= now]
        self._respawns = [(when, plan) for when, plan in self._respawns if when > now]
        for plan in due:
            self._start(plan, directory)

    def _step(self) -> None:
        events = [when for when, _ in self._respawns]
        events += [child.deadline for child in self._children if child.deadline is not None]
        wait = max(0.0, min(events) - time.monotonic()) if events else None
        for key, _ in self._selector.select(wait):
            key.data(key.fd)
        if self._log.broken and not self._stopping:
            self._stop("output closed")
        for child in list(self._children):
            status = child.poll()
            if status is not None:
                self._children.remove(child)
                self._watch()
                self._ended(child, status)
        if self._stopping:
            self._press_on()

    def _ended(self, child: Child, status: int) -> None:
        if status == 0:
            level, message = "INFO", "process has finished cleanly"
        elif child.asked and -status in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            level, message = "INFO", f"process has ended on {signal.Signals(-status).name}"
        else:
            self._failed = True
            level, message = "ERROR", f"process has died, {_how(status)}"
        self._log.say(level, child.plan.label, f"{message} [pid {child.pid}]")
        if not self._stopping:
            if child.plan.essential:
                self._stop(f"{child.plan.label} ended")
            elif child.plan.respawn_delay is not None and status == os.EX_CONFIG:
                self._stop(f"{child.plan.label} cannot run as configured")
            elif child.plan.respawn_delay is not None:
                when = time.monotonic() + child.plan.respawn_delay
                self._respawns.append((when, child.plan))

    def _stop(self, reason: str) -> None:
        """Start stopping, or escalate."""
        self._respawns.clear()
        if not self._stopping:
            self._stopping = True
            names = ", ".join(child.plan.label for child in reversed(self._children)) or "nothing"
            self._log.say("INFO", "launch", f"{reason}: stopping {names}")
        elif waiting := [child for child in self._children if child.asked is None]:
            self._log.say("WARNING", "launch", f"{reason} again: sending SIGINT to all")
            for child in waiting:
                child.ask(signal.SIGINT)
        else:
            self._log.say("WARNING", "launch", f"{reason} again: sending SIGTERM to all")
            for child in self._children:
                if child.asked is signal.SIGINT:
                    child.ask(signal.SIGTERM)

    def _press_on(self) -> None:
        """Escalate for processes whose time is up; signal the next in order."""
        for child in self._children:
            if child.asked and child.deadline and child.deadline <= time.monotonic():
                harder = _HARDER[child.asked]
                message = f"process does not exit: sending {harder.name} [pid {child.pid}]"
                self._log.say("ERROR", child.plan.label, message)
                child.ask(harder)
        waiting = [child for child in self._children if child.asked is None]
        if waiting and not any(child.asked is signal.SIGINT for child in self._children):
            waiting[-1].ask(signal.SIGINT)

    def _show(self, child: Child, line: str, is_stderr: bool) -> None:
        self._log.line(child.plan.label, line, on_screen=is_stderr or child.plan.output != "log")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Convert signals to readable bytes, so that they are handled between other events."""
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


def _how(status: int) -> str:
    """A bad exit status in words."""
    if status > 0:
        return f"exit code {status}"
    hint = ", perhaps for /dev/shm is full" if status == -signal.SIGBUS else ""
    return f"killed by {signal.Signals(-status).name}{hint}"
