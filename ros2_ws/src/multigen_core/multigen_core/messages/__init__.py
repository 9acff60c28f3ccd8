"""Between the core's types and ROS messages, one implementation for live messages and for bags.

Decoding reads attributes only; encoding builds messages through a factory. So the same code serves
rclpy's message classes and those of the rosbags library, and nothing here imports either.
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
