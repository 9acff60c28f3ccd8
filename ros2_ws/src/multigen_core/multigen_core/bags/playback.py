"""What of a bag may be played to a graph, and when."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from multigen_core.bags.errors import BagError
from multigen_core.bags.reader import BagReader
from multigen_core.contract import TOPICS, Topic
from multigen_core.streams.runs import FORWARD
from multigen_core.types import NANOSECONDS, to_seconds

_LOG = logging.getLogger(__name__)

PLAYABLE = tuple(topic for topic in TOPICS if topic.recorded and not topic.command)
"""Only what the contract names and cannot move an arm; anything else in a bag stays there."""


class Playback:
    """The playable messages of a bag by elapsed time, at `rate` times its pace.

    A pause in which the bag's clock was set is not waited for.
    """

    def __init__(
        self, bag: BagReader, rate: float, loop: bool, start: float = 0.0, duration: float = 0.0
    ) -> None:
        """Begin `start` seconds after the bag's start, and end `duration` after that; 0: its end.

        Raises:
            BagError: it holds nothing that may be played, or nothing from `start` on.
        """
        self.topics = tuple(topic for topic in PLAYABLE if bag.count(topic))
        if not self.topics:
            raise BagError(f"bag {bag.path}: holds nothing that may be played")
        self._bag = bag
        self._rate = rate
        self._loop = loop
        self._first = bag.start + round(start * NANOSECONDS)
        self._last = bag.end
        if duration:
            self._last = min(self._last, self._first + round(duration * NANOSECONDS))
        if self._first > bag.end:
            length = to_seconds(bag.end - bag.start)
            raise BagError(
                f"bag {bag.path}: is {length:.1f} s long, so none is left after {start:g} s"
            )
        self._began = 0.0
        self._skipped = 0
        self._messages = self._rewound()
        self._next = next(self._messages, None)
        self.now = self._first
        """Bag time [ns]."""

    def _rewound(self) -> Iterator[tuple[Topic, int, bytes]]:
        """From the start on, and first what was latched before."""
        latched: dict[str, tuple[Topic, int, bytes]] = {}
        for topic, time, data in self._bag.raw(*self.topics):
            if time >= self._first:
                yield from latched.values()
                latched.clear()
                if time > self._last:
                    return
                yield topic, time, data
            elif topic.publish.latched:
                latched[topic.name] = topic, self._first, data
        yield from latched.values()

    @property
    def finished(self) -> bool:
        """Whether everything has been played, never while looping."""
        return self._next is None

    def due(self, elapsed: float) -> Iterator[tuple[Topic, bytes]]:
        """The messages due after `elapsed` seconds of playing, since the last call."""
        played = round((elapsed - self._began) * self._rate * NANOSECONDS)
        self.now = min(self._first + played + self._skipped, self._last)
        if self._next is not None and self._next[1] - self.now > FORWARD:
            _LOG.warning(
                "bag %s: skips a pause of %.0f s",
                *(self._bag.path, to_seconds(self._next[1] - self.now)),
            )
            self._skipped += self._next[1] - self.now
            self.now = self._next[1]
        while self._next is not None and self._next[1] <= self.now:
            topic, _, data = self._next
            yield topic, data
            self._next = next(self._messages, None)
        if self._next is None and self._loop:
            self._began, self._skipped = elapsed, 0
            self._messages = self._rewound()
            self._next = next(self._messages, None)
