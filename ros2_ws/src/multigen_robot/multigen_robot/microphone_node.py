"""The microphone's node: sound of a PortAudio device or a file, 16 kHz mono, stamped by sample."""

from __future__ import annotations

import time
from dataclasses import dataclass

from multigen_core import contract
from multigen_core.ros import node as ros
from multigen_core.types import AudioInfo, to_seconds
from multigen_robot.devices.device_node import DeviceNode
from multigen_robot.microphone.source import MicrophoneConfig
from multigen_robot.microphone.stream import MicrophoneStream

STALE = 1.0
"""Sound older than this [s] means that the microphone hangs."""


@dataclass(frozen=True)
class MicrophoneParameters:
    """What may be set of the node."""

    device: str = ros.parameter(
        "", "Index, part of a name, or a sound file; empty: the default one"
    )
    sample_rate: int = ros.parameter(0, "Rate to open the device with [Hz]; 0: 16000 or its own", 0)
    channels: int = ros.parameter(0, "Channels to open; 0: one if possible", 0, 64)
    channel: int = ros.parameter(0, "Channel to listen to, from 1; 0: the mean of all", 0, 64)
    chunk: int = ros.parameter(contract.CHUNK, "Samples per message at 16 kHz", 80, 3200)
    frame_id: str = ros.parameter(contract.MICROPHONE_FRAME, "Frame of the sound")
    capture_latency: float = ros.parameter(
        0.02, "From sound to callback [s], for a device that does not tell", 0.0, 1.0
    )
    loop: bool = ros.parameter(False, "Begin a sound file again at its end")


class MicrophoneNode(DeviceNode):
    """Publishes stamped sound; loses none silently."""

    def __init__(self) -> None:
        super().__init__("microphone")
        p = self.declare(MicrophoneParameters)
        ros.publisher(self, contract.AUDIO_INFO).send(AudioInfo(self.now()))
        self._stream = MicrophoneStream(
            MicrophoneConfig(
                p.device,
                p.sample_rate,
                p.channels,
                p.channel,
                p.chunk,
                p.capture_latency,
                p.loop,
            ),
            self.now,
            ros.publisher(self, contract.AUDIO).send,
            self.report,
            p.frame_id,
        )
        self._diagnostics = ros.Diagnostics(self, self._health, p.device)

    def _health(self) -> ros.Health:
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
            return ros.Health.error(status.error, **values)
        if age > STALE:
            return ros.Health.error(f"no sound for {age:.1f} s", **values)
        if status.warning:
            return ros.Health.warn(status.warning, **values)
        return ros.Health.ok("listening", **values)

    def close(self) -> None:
        """Give the device back."""
        self._stream.close()


def main() -> None:
    """Run the microphone until a signal comes."""
    ros.run(MicrophoneNode)
