"""The executable `arm_guard`: the guard node under a watchdog, because a guard must not hang."""

from __future__ import annotations

import sys

from multigen_robot.watchdog import Watchdog


def main() -> None:
    """Keep the guard running until a signal arrives."""
    command = [sys.executable, "-m", "multigen_robot.arm_guard_node", *sys.argv[1:]]
    sys.exit(Watchdog("arm_guard", command).run())
