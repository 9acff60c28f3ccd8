"""Splits of recordings by container, for training and evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from multigen_core import synthesizer
from multigen_core.world.recordings import Recording, RecordingError, select_recordings

HELD_OUT = (
    "container_7",  # glass cylinder
    "container_21",  # ceramic cylinder, opaque
    "container_25",  # glass cone
    "container_38",  # polypropylene cone
    "container_41",  # PET bottle
    "container_43",  # PET cone
)
"""Containers of "The Sound of Water" (Bagad et al. 2024) that nothing shipped is trained on.

Steel and paper are one container each, so they are for training.
"""
FEWEST = 8
"""Containers from which on a folder that has none of those splits itself."""
_EVERY = 3


def split(recordings: Sequence[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Recordings for training and for evaluation, by container.

    Those in HELD_OUT are for evaluation. A folder of FEWEST containers or more that lacks them
    holds out every third, in the order of their names; a smaller one is all for training.
    """
    names = sorted({recording.container for recording in recordings})
    held = set(HELD_OUT) & set(names)
    if len(held) < 2 and len(names) >= FEWEST:
        held |= set(names[::_EVERY])
    return (
        [recording for recording in recordings if recording.container not in held],
        [recording for recording in recordings if recording.container in held],
    )


def chosen(recordings: Sequence[Recording], wanted: Sequence[str]) -> list[Recording]:
    """Recordings of the `wanted` containers or splits, or of those held out.

    Raises:
        RecordingError: there are none; the message lists the names there are.
    """
    if tuple(wanted) != (synthesizer.HELD_OUT,):
        return select_recordings(recordings, wanted)
    held = split(recordings)[1]
    if not held:
        raise RecordingError(
            f"no recordings are held out: the folder has fewer than {FEWEST} containers and none "
            f"of {', '.join(HELD_OUT)}"
        )
    return held


def by_container(recordings: Iterable[Recording]) -> dict[str, list[Recording]]:
    """The recordings of each container."""
    groups: dict[str, list[Recording]] = {}
    for recording in recordings:
        groups.setdefault(recording.container, []).append(recording)
    return groups


def spread(group: list[Recording], most: int | None) -> list[Recording]:
    """At most `most` of a container's recordings, evenly among them."""
    if most is None or len(group) <= most:
        return group
    return [group[index * len(group) // most] for index in range(most)]
