"""The audio synthesizer node: the sound of what is simulated, stamped with the inputs' time."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from rclpy.node import Node

from multigen_audio.stream import SoundStream
from multigen_audio.synthesizers import DEFAULT, SynthesizerConfig, make_synthesizer
from multigen_audio.worker import Worker
from multigen_core import messages
from multigen_core.contract import (
    AUDIO,
    AUDIO_INFO,
    AUDIO_VIEW,
    CHUNK,
    IMAGE,
    LIQUID_STATE,
    MICROPHONE_FRAME,
    SAMPLE_RATE,
)
from multigen_core.errors import MultigenError
from multigen_core.ros.node import (
    FACTORY,
    Diagnostics,
    Health,
    declare,
    parameter,
    publisher,
    run,
    stop,
    subscribe,
)
from multigen_core.synthesizer import Source
from multigen_core.types import AudioChunk, to_seconds


@dataclass(frozen=True)
class SynthesizerParameters:
    """Parameters of the audio_synthesizer."""

    synthesizer: str = parameter(DEFAULT, "what makes the sound; '' or 'default' for the default")
    checkpoint: str = parameter("", "weights of the synthesizer: a path or a hub id")
    device: str = parameter("cpu", "where its network runs")
    sample_rate: int = parameter(SAMPLE_RATE, "Hz", low=8000, high=48000)
    chunk: int = parameter(CHUNK, "samples per message", low=16, high=16000)
    seed: int = parameter(0, "of every random number", low=0)
    latency_warn: float = parameter(
        0.25, "age of a message's first sample when published, above which to warn [s]", low=0.0
    )
    audio_view: str = parameter(
        "cutaway", "pictures a synthesizer of frames sees", choices=("cutaway", "public")
    )


class AudioSynthesizerNode(Node):
    """Feeds one synthesizer from the topic its source needs and publishes its sound."""

    def __init__(self) -> None:
        super().__init__("audio_synthesizer")
        p = declare(self, SynthesizerParameters)
        self._latency_warn = p.latency_warn
        synthesizer = make_synthesizer(
            SynthesizerConfig(p.synthesizer, p.checkpoint, p.device, p.sample_rate, p.seed)
        )
        topic = LIQUID_STATE
        if synthesizer.source is Source.FRAMES:
            topic = AUDIO_VIEW if p.audio_view == "cutaway" else IMAGE
        self._gaps = self._rewinds = 0
        self._latency = self._worst = 0.0
        self._audio = publisher(self, AUDIO)
        self._info = publisher(self, AUDIO_INFO)
        self._info.publish(messages.audio_info(p.sample_rate, FACTORY))
        self._worker = Worker(
            SoundStream(synthesizer, p.chunk, topic.rate), self._send, self._refuse, self._fail
        )
        subscribe(self, topic, self._worker.put)
        self._diagnostics = Diagnostics(self, self._health)
        self.get_logger().info(f"{p.synthesizer or DEFAULT} from {topic.name}")

    def close(self) -> None:
        """End the synthesis."""
        self._worker.close()

    def _send(self, chunk: AudioChunk) -> None:
        self._report_restarts()
        self._audio.send(
            AudioChunk(chunk.stamp, chunk.samples, chunk.sample_rate, MICROPHONE_FRAME)
        )
        age = to_seconds(self.get_clock().now().nanoseconds - chunk.stamp)
        self._latency = age
        self._worst = max(self._worst, age)

    def _report_restarts(self) -> None:
        stream = self._worker.stream
        if stream.gaps > self._gaps:
            self._gaps = stream.gaps
            self.get_logger().warning(
                f"inputs were missing (gap {self._gaps}, up to {stream.longest_gap:.2f} s): "
                "the sound starts anew"
            )
        if stream.rewinds > self._rewinds:
            self._rewinds = stream.rewinds
            self.get_logger().warning("the clock was set back: the sound starts anew")

    def _refuse(self, error: MultigenError) -> None:
        self.get_logger().error(str(error), throttle_duration_sec=5.0)

    def _fail(self, error: Exception) -> None:
        self.get_logger().fatal("".join(traceback.format_exception(error)))
        stop(1)

    def _health(self) -> Health:
        worker, stream = self._worker, self._worker.stream
        worst, self._worst = self._worst, 0.0
        values = {
            "latency": self._latency,
            "worst_latency": worst,
            "real_time_factor": worker.real_time_factor,
            "gaps": stream.gaps,
            "rewinds": stream.rewinds,
            "inputs_late": stream.late,
            "inputs_dropped": worker.dropped,
            "inputs_refused": worker.refused,
        }
        if worker.refused:
            return Health.error("inputs that cannot be used", **values)
        if worst > self._latency_warn:
            return Health.warn(f"sound {worst:.2f} s behind its inputs", **values)
        return Health.ok("sounding" if worker.given else "no inputs yet", **values)


def main() -> None:
    """Run the node."""
    run(AudioSynthesizerNode)
