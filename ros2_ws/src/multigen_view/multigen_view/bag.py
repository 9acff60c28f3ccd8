"""Shows a recorded pour."""

from __future__ import annotations

import json

import rerun as rr

from multigen_core.arm import Arm
from multigen_core.bags import BagError, BagReader
from multigen_core.config.yaml_file import validate
from multigen_core.contract import AUDIO, Topic
from multigen_core.station import Station, Told
from multigen_core.types import to_nanoseconds
from multigen_core.world.scene import Scene, load_scene
from multigen_view.board import Board

PERIOD = to_nanoseconds(0.09)
"""Items of a fast topic closer than this to the last are left out [ns]."""


def show_bag(bag: BagReader, recording: rr.RecordingStream) -> None:
    """Show everything in a bag.

    Raises:
        MultigenError: it cannot be read.
    """
    board = Board(recording, _station(bag))
    shown: dict[Topic, int] = {}
    for topic, _, time, item in bag.records(*board.topics):
        fast = topic.rate > 10 and topic is not AUDIO
        if fast and 0 <= time - shown.get(topic, -PERIOD) < PERIOD:
            continue
        shown[topic] = time
        board.take(topic, item)


def _station(bag: BagReader) -> Station:
    """What stood there as far as the bag tells; the default scene's vessels if it does not."""
    metadata = bag.metadata
    arm = Arm.load(metadata.get("arm_file") or "gen3")
    try:
        drawn = json.loads(metadata.get("drawn_scene") or "null")
        scene = validate(Scene, drawn, bag.path) if drawn else load_scene("default", 0)
    except ValueError as error:
        raise BagError(f"bag {bag.path}: its custom data cannot be read: {error}") from error
    return Station.of(scene, arm, Told.TARGET)
