"""Stops the processes when the launcher itself is killed and can no longer do so."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterable
from math import ceil

_SCRIPT = """
patience=$1
groups=
while read -r line; do groups=$line; done

keep_living() {
  left=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && left="$left $group"; done
  groups=$left
}
for asked in $groups; do
  kill -s INT -- "-$asked" 2>/dev/null
  waited=0
  while kill -s 0 -- "-$asked" 2>/dev/null && [ $waited -lt $((patience * 10)) ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
done
for signal in TERM KILL; do
  keep_living
  [ -n "$groups" ] || exit 0
  for group in $groups; do kill -s "$signal" -- "-$group"; done
  sleep 2
done
"""


class Guardian:
    """A small shell that waits for end of input, which the launcher's death always causes.

    It then sends SIGINT to each process group of the latest list, in order, waiting for each to
    exit or for `patience` seconds; then SIGTERM and SIGKILL to the rest. Unlike a parent-death
    signal, this also reaches the nodes' children and lets a recorder close its bag.
    """

    def __init__(self, patience: float) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "guardian", str(ceil(patience))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, groups: Iterable[int]) -> None:
        """Update the list of running process groups, the first to stop first."""
        assert self._shell.stdin
        with contextlib.suppress(BrokenPipeError):
            self._shell.stdin.write(" ".join(map(str, groups)) + "\n")
            self._shell.stdin.flush()

    def dismiss(self) -> None:
        """End it; there is nothing left to guard."""
        self.watch([])
        assert self._shell.stdin
        with contextlib.suppress(BrokenPipeError):
            self._shell.stdin.close()
        self._shell.wait()
