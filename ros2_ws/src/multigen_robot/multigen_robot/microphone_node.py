"""The microphone's node: sound of a PortAudio device or a file, 16 kHz mono, stamped by sample."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rclpy.node import Node

from multigen_core import contract
from multigen_core.errors import MultigenError
from multigen_core.ros.node import (
    Diagnostics,
    Health,
    declare,
    parameter,
    publisher,
    run,
)
from multigen_core.types import AudioInfo, to_seconds
from multigen_robot.microphone.source import MicrophoneConfig
from multigen_robot.microphone.stream import MicrophoneStream

STALE = 1.0
"""Sound older than this [s] means that the microphone hangs."""


@dataclass(frozen=True)
class MicrophoneParameters:
    """What may be set of the node."""

    device: str = parameter("", "Index, part of a name, or a sound file; empty: the default one")
    sample_rate: int = parameter(0, "Rate to open the device with [Hz]; 0: 16000 or its own", 0)
    channels: int = parameter(0, "Channels to open and mix down; 0: one if possible", 0, 64)
    chunk: int = parameter(contract.CHUNK, "Samples per message at 16 kHz", 80, 3200)
    frame_id: str = parameter(contract.MICROPHONE_FRAME, "Frame of the sound")
    capture_latency: float = parameter(
        0.02, "From sound to callback [s], for a device that does not tell", 0.0, 1.0
    )
    loop: bool = parameter(False, "Begin a sound file again at its end")


class MicrophoneNode(Node):
    """Publishes stamped sound; loses none silently."""

    def __init__(self) -> None:
        super().__init__("microphone")
        p = declare(self, MicrophoneParameters)
        if self.get_parameter("use_sim_time").value:
            raise MultigenError("a microphone is a device on wall time: set use_sim_time false")
        publisher(self, contract.AUDIO_INFO).send(AudioInfo(self.get_clock().now().nanoseconds))
        self._stream = MicrophoneStream(
            MicrophoneConfig(
                p.device, p.sample_rate, p.channels, p.chunk, p.capture_latency, p.loop
            ),
            lambda: self.get_clock().now().nanoseconds,
            publisher(self, contract.AUDIO).send,
            self._report,
            p.frame_id,
        )
        self._diagnostics = Diagnostics(self, self._health, p.device)

    def _report(self, line: str, bad: bool) -> None:
        if bad:
            self.get_logger().error(line)
        else:
            self.get_logger().info(line)

    def _health(self) -> Health:
        status = self._stream.status
        age = to_seconds(time.monotonic_ns() - status.arrival)
        values: dict[str, str | float | int] = {
            "device": status.name,
            "device_rate": status.rate,
            "chunks": status.chunks,
            "lag": status.lag,
            "overflows": status.overflows,
            "gaps": status.gaps,
            "clipped_samples": status.clipped,
            "reconnects": max(0, status.connects - 1),
        }
        if status.error:
            return Health.error(status.error, **values)
        if age > STALE:
            return Health.error(f"no sound for {age:.1f} s", **values)
        if status.warning:
            return Health.warn(status.warning, **values)
        return Health.ok("listening", **values)

    def close(self) -> None:
        """Give the device back."""
        self._stream.close()


def main() -> None:
    """Run the microphone until a signal comes."""
    run(MicrophoneNode)
