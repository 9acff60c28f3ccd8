"""Episodes as rosbag2 bags (MCAP): writing, reading, repairing and playing them, free of rclpy."""

from multigen_core.bags.arrivals import Arrivals
from multigen_core.bags.background import BackgroundWriter
from multigen_core.bags.errors import BagError, MissingTopicError
from multigen_core.bags.playback import Playback
from multigen_core.bags.provenance import provenance
from multigen_core.bags.reader import BagReader, Record
from multigen_core.bags.repair import Repair, repair
from multigen_core.bags.substitution import substitute
from multigen_core.bags.typestore import FACTORY, BagFactory, type_hash
from multigen_core.bags.writer import BagWriter

__all__ = [
    "FACTORY",
    "Arrivals",
    "BackgroundWriter",
    "BagError",
    "BagFactory",
    "BagReader",
    "BagWriter",
    "MissingTopicError",
    "Playback",
    "Record",
    "Repair",
    "provenance",
    "repair",
    "substitute",
    "type_hash",
]
