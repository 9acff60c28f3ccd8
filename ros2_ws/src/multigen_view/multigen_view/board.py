"""All panels over one recording."""

from __future__ import annotations

from typing import Any

import rerun as rr

from multigen_core.contract import Topic
from multigen_core.messages import stamp_of
from multigen_core.station import Station
from multigen_core.types import to_seconds
from multigen_view.health import Health
from multigen_view.joints import Joints
from multigen_view.layout import TIMELINE
from multigen_view.panel import Panel
from multigen_view.pictures import Pictures
from multigen_view.sound import Sound
from multigen_view.station_panel import StationPanel
from multigen_view.volumes import Volumes

APPLICATION = "multigen"


def new_recording() -> rr.RecordingStream:
    """A recording with no other time than the graph's."""
    recording = rr.RecordingStream(APPLICATION)
    recording.set_log_time_enabled(False)
    recording.set_log_tick_enabled(False)
    return recording


class Board:
    """Gives each item to the panels of its topic, at its time since the first stamp."""

    def __init__(self, recording: rr.RecordingStream, station: Station) -> None:
        self._recording = recording
        self._station = StationPanel(recording, station)
        self._panels: tuple[Panel, ...] = (
            Pictures(recording),
            Sound(recording),
            Volumes(recording),
            Joints(recording, station.arm),
            self._station,
            Health(recording),
        )
        self.topics = tuple({topic: None for panel in self._panels for topic in panel.topics})
        self._start: int | None = None
        self._untimed: list[tuple[Topic, Any]] = []

    def place(self, station: Station) -> None:
        """Show another station with the same arm."""
        self._station.place(station)

    def take(self, topic: Topic, item: Any) -> None:
        """Show a core item; one without a stamp belongs to the newest time shown."""
        stamp = _stamp(item)
        if stamp is None and self._start is None:
            self._untimed.append((topic, item))
            return
        if stamp is not None:
            if self._start is None:
                self._start = stamp
            self._recording.set_time(TIMELINE, duration=to_seconds(stamp - self._start))
        untimed, self._untimed = self._untimed, []
        for about, shown in [*untimed, (topic, item)]:
            for panel in self._panels:
                if about in panel.topics:
                    panel.take(about, shown)


def _stamp(item: Any) -> int | None:
    """The time of a core item or message [ns], None if it tells none."""
    if (stamp := getattr(item, "stamp", None)) is not None:
        return int(stamp)
    header = getattr(item, "header", None)
    return None if header is None else stamp_of(header.stamp)
