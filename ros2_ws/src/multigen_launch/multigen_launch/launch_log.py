"""The launcher's output: labelled lines on the screen and in a launch.log."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TextIO


def log_directory() -> Path:
    """Where ROS keeps logs: ROS_LOG_DIR, else $ROS_HOME/log, else ~/.ros/log."""
    if configured := os.environ.get("ROS_LOG_DIR"):
        return Path(configured).expanduser()
    return Path(os.environ.get("ROS_HOME") or "~/.ros").expanduser() / "log"


class LaunchLog:
    """Writes every line at once to the screen and to `launch.log`.

    A screen that cannot be written to any more sets `broken` and is left alone; a log that
    cannot be written is given up after a warning, for a full disk must not stop the nodes.
    """

    def __init__(self) -> None:
        self.broken = False
        # Not sys.stdout: under PYTHONUNBUFFERED that loses the rest of a write that a signal cuts.
        self._screen = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        self._file: TextIO | None = None
        try:
            stamp = time.strftime("%Y-%m-%d-%H-%M-%S")
            directory = log_directory() / f"{stamp}-{os.getpid()}"
            directory.mkdir(parents=True, exist_ok=True)
            self._file = open(directory / "launch.log", "w", encoding="utf-8")  # noqa: SIM115
        except (OSError, RuntimeError) as error:  # The latter where nobody has a home.
            self._give_up(error)
        else:
            self.say("INFO", "launch", f"log files are in {directory}")

    def say(self, level: str, source: str, message: str) -> None:
        """A line of the launcher itself."""
        self._write(f"[{level}] [{source}]: {message}", on_screen=True)

    def line(self, label: str, text: str, *, on_screen: bool) -> None:
        """A line of a node."""
        self._write(f"[{label}] {text}", on_screen=on_screen)

    def _write(self, line: str, *, on_screen: bool) -> None:
        if on_screen and not self.broken:
            try:
                print(line, file=self._screen, flush=True)
            except OSError:
                self.broken = True
        if self._file:
            try:
                print(f"{time.time():.6f} {line}", file=self._file, flush=True)
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._file = None
        print(f"[WARNING] [launch]: no launch.log: {error}", file=sys.stderr)

    def close(self) -> None:
        """Close the file; nothing is left unwritten on the screen."""
        if self._file:
            self._file.close()
        with contextlib.suppress(OSError):
            self._screen.close()
