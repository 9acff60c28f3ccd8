"""The microphone node: sound from a PortAudio device or file, 16 kHz mono, stamped by sample."""

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
"""Without newer sound than this [s] the microphone hangs."""


@dataclass(frozen=True)
class MicrophoneParameters:
    """Node parameters."""

    device: str = ros.parameter(
        "", "Index, part of a name, or a sound file; empty: the system's default"
    )
    sample_rate: int = ros.parameter(
        0, "Sample rate of the device [Hz]; 0: 16000 or its default", 0
    )
    channels: int = ros.parameter(0, "Number of channels to open; 0: one if possible", 0, 64)
    channel: int = ros.parameter(0, "Channel to use, from 1; 0: the mean of all", 0, 64)
    chunk: int = ros.parameter(contract.CHUNK, "Samples per message at 16 kHz", 80, 3200)
    frame_id: str = ros.parameter(contract.MICROPHONE_FRAME, "Frame of the sound")
    capture_latency: float = ros.parameter(
        0.0, "Time from sound to callback [s]; 0: what the device reports, or 0.02", 0.0, 1.0
    )
    loop: bool = ros.parameter(False, "Restart a sound file at its end")


class MicrophoneNode(DeviceNode):
    """Publishes stamped sound; reports every loss."""

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
        """Release the device."""
        self._stream.close()


def main() -> None:
    """Run the microphone until a signal arrives."""
    ros.run(MicrophoneNode)
