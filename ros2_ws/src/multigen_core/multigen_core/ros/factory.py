"""Fast construction of rclpy messages."""

from __future__ import annotations

from array import array
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def message_class(name: str) -> type:
    """The class of an interface, such as sensor_msgs/msg/Image or std_srvs/srv/Trigger."""
    package, kind, cls = name.split("/")
    return getattr(import_module(f"{package}.{kind}"), cls)


class RosFactory:
    """The core's MessageFactory for rclpy.

    Unsigned bytes are passed as an `array`: rclpy checks any other sequence element by element,
    which takes 75 ms for a small image.
    """

    def new(self, name: str, /, **fields: Any) -> Any:
        return message_class(name)(**fields)

    def octets(self, buffer: bytes | memoryview) -> array[int]:
        data = array("B")
        data.frombytes(buffer)
        return data

    def doubles(self, values: NDArray[np.float64]) -> array[float]:
        return array("d", np.asarray(values, float).tobytes())


FACTORY = RosFactory()
