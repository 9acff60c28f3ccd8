"""Which recorded containers are kept for evaluation; every clip of one goes where it goes."""

from __future__ import annotations

from collections.abc import Iterable

from multigen_core.world.recordings import Recording

HELD_OUT = (
    "container_7",  # glass cylinder
    "container_21",  # ceramic cylinder, opaque
    "container_25",  # glass cone
    "container_38",  # polypropylene cone
    "container_41",  # PET bottle
    "container_43",  # PET cone
)
"""Recorded containers of shared/data/pouring_real that nothing is trained on.

Steel and paper are one container each, so they are for training.
"""


def split(recordings: Iterable[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Recordings for training and, of the containers in HELD_OUT, for evaluation."""
    train: list[Recording] = []
    held_out: list[Recording] = []
    for recording in recordings:
        (held_out if recording.container in HELD_OUT else train).append(recording)
    return train, held_out
