"""Stops the nodes when the launcher itself is killed and can no longer do so."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterable

_SCRIPT = """
groups=
while read -r line; do groups=$line; done
for signal in INT TERM KILL; do
  [ -n "$groups" ] || exit 0
  alive=
  for group in $groups; do
    kill -s "$signal" -- "-$group" 2>/dev/null && alive="$alive $group"
  done
  groups=$alive
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    left=
    for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && left="$left $group"; done
    groups=$left
    [ -n "$groups" ] || exit 0
    sleep "$1"
  done
done
"""


class Guardian:
    """A small shell that waits for its input to end, which the launcher's death does surely.

    It then signals the process groups it was told of last: SIGINT, SIGTERM, SIGKILL, `grace`
    seconds apart. Unlike a parent-death signal this reaches the nodes' own children too and lets
    a recorder close its bag.
    """

    def __init__(self, grace: float) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "guardian", f"{grace / 10:.3f}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, groups: Iterable[int]) -> None:
        """Tell it which process groups live now."""
        assert self._shell.stdin
        with contextlib.suppress(BrokenPipeError):
            self._shell.stdin.write(" ".join(map(str, groups)) + "\n")
            self._shell.stdin.flush()

    def dismiss(self) -> None:
        """End it; nothing is left to guard."""
        self.watch([])
        assert self._shell.stdin
        with contextlib.suppress(BrokenPipeError):
            self._shell.stdin.close()
        self._shell.wait()
