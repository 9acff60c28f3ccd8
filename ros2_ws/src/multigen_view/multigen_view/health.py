"""State of the pour, the guard and the nodes."""

from __future__ import annotations

from typing import Any

import rerun as rr

from multigen_core.contract import DIAGNOSTICS, PROGRESS, STOPPED, Topic
from multigen_core.types import PourProgress

NODES = "nodes"
STATES = "states"
_LEVELS = ("ok", "warning", "error", "stale")
_COLOURS = {
    "ok": (70, 150, 90),
    "warning": (220, 160, 40),
    "error": (220, 60, 60),
    "stale": (120, 120, 130),
    "stopped": (220, 60, 60),
}
GUARD = "arm_guard"


class Health:
    """Lanes of the pour's stage and the guard's state, and a table of what the nodes say."""

    topics = (DIAGNOSTICS, PROGRESS, STOPPED)

    def __init__(self, recording: rr.RecordingStream) -> None:
        self._recording = recording
        self._said: dict[str, tuple[int, str]] = {}
        self._stopped = False
        self._states: dict[str, str] = {}
        names, colours = list(_COLOURS), list(_COLOURS.values())
        style = rr.StateConfiguration(values=names, labels=names, colors=colours)
        recording.log(f"{STATES}/guard", style, static=True)

    def take(self, topic: Topic, item: Any) -> None:
        if isinstance(item, PourProgress):
            self._change("pour", item.outcome or item.stage)
        elif topic is STOPPED:
            self._stopped = item
            self._show_guard()
        else:
            for status in item.status:
                self._said[status.name] = _level(status.level), status.message
            self._show_guard()
            self._recording.log(NODES, rr.TextDocument(self._table(), media_type="text/markdown"))

    def _show_guard(self) -> None:
        levels = [level for name, (level, _) in self._said.items() if name.endswith(GUARD)]
        if self._stopped:
            self._change("guard", "stopped")
        elif levels:
            self._change("guard", _LEVELS[max(levels)])

    def _change(self, lane: str, state: str) -> None:
        if self._states.get(lane) != state:
            self._states[lane] = state
            self._recording.log(f"{STATES}/{lane}", rr.StateChange(state=state))

    def _table(self) -> str:
        rows = (
            f"| {name.strip('/')} | {_emphasis(level)} | {message} |"
            for name, (level, message) in sorted(self._said.items())
        )
        return "\n".join(["| node | state | message |", "|---|---|---|", *rows])


def _level(value: bytes | int) -> int:
    """A DiagnosticStatus level: rclpy gives a byte, rosbags a number."""
    level = value[0] if isinstance(value, bytes) else int(value)
    return min(level, len(_LEVELS) - 1)


def _emphasis(level: int) -> str:
    return f"**{_LEVELS[level]}**" if level else _LEVELS[level]
