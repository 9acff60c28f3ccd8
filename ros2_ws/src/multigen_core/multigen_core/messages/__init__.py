"""Conversion between core types and ROS messages, the same for live messages and bags.

Decoding reads attributes only; encoding builds messages through a factory. The same code thus
serves the message classes of rclpy and of the rosbags library, and imports neither.
"""

from multigen_core.messages.decoding import MessageError, decode, decode_picture, stamp_of
from multigen_core.messages.encoding import (
    MessageFactory,
    encode,
    header,
)

__all__ = [
    "MessageError",
    "MessageFactory",
    "decode",
    "decode_picture",
    "encode",
    "header",
    "stamp_of",
]
