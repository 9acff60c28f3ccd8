"""The protocol of panels."""

from __future__ import annotations

from typing import Any, Protocol

from multigen_core.contract import Topic


class Panel(Protocol):
    """Draws the items of some topics, at the time that the recording is set to."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What it draws."""

    def take(self, topic: Topic, item: Any) -> None:
        """Draw a core item of one of `topics`."""
