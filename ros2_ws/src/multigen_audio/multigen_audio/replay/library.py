"""Library of recordings, tracked on demand once the vessel is known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from multigen_audio.recorded.splits import by_container, spread
from multigen_audio.replay.grains import Grains
from multigen_core.world.recordings import Recording


class Library:
    """Gives the grains for a vessel: its own recordings', or some of every vessel's."""

    def __init__(
        self,
        recordings: Iterable[Recording],
        sample_rate: int,
        skipped: Iterable[str] = (),
        most: int | None = None,
    ) -> None:
        """A library; nothing is read yet.

        Args:
            recordings: what there is.
            sample_rate: [Hz].
            skipped: why others were left out.
            most: of each container, spread over its recordings, for a vessel that is none of them;
                all if None.
        """
        self._recordings = list(recordings)
        self._skipped = list(skipped)
        self._most = most
        self.sample_rate = sample_rate

    def of_vessel(self, name: str) -> Grains:
        """Those of the container that a vessel (or its file) is named after, else of all.

        Tracking takes about 30 ms for each recording.

        Raises:
            RecordingError: no resonance was heard in any.
        """
        groups = by_container(self._recordings)
        own = groups.get(Path(name).stem)
        if own is None:
            own = [r for group in groups.values() for r in spread(group, self._most)]
        return Grains.of(own, self.sample_rate, self._skipped)
