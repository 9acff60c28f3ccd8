"""The audio synthesizer node: sound of the simulation, stamped with the time of its inputs."""

from __future__ import annotations

import traceback

from rclpy.node import Node

from multigen_audio.parameters import SynthesizerParameters
from multigen_audio.stream import SoundStream
from multigen_audio.worker import Worker
from multigen_core.contract import (
    AUDIO,
    AUDIO_INFO,
    AUDIO_VIEW,
    IMAGE,
    LIQUID_STATE,
    MICROPHONE_FRAME,
)
from multigen_core.errors import MultigenError
from multigen_core.ros.node import (
    Diagnostics,
    Health,
    declare,
    publisher,
    run,
    stop,
    subscribe,
)
from multigen_core.synthesizer import (
    DEFAULT,
    Doubting,
    Reporting,
    Source,
    SynthesizerConfig,
    make_synthesizer,
)
from multigen_core.types import AudioChunk, AudioInfo, to_seconds

_VIEWS = {"cutaway": AUDIO_VIEW, "public": IMAGE}
_DEAD = 1.0
"""Longest time without new inputs [s]."""


class AudioSynthesizerNode(Node):
    """Feeds one synthesizer from the topic its source needs and publishes its sound."""

    def __init__(self) -> None:
        super().__init__("audio_synthesizer")
        p = declare(self, SynthesizerParameters)
        self._latency_warn = p.latency_warn
        synthesizer = make_synthesizer(
            SynthesizerConfig(
                p.synthesizer,
                p.checkpoint,
                p.device,
                p.sample_rate,
                p.seed,
                p.kept_recordings,
                p.audio_view,
            )
        )
        self._synthesizer = synthesizer
        topic, rate, batch = LIQUID_STATE, LIQUID_STATE.rate, round(p.batch * LIQUID_STATE.rate)
        if synthesizer.source is Source.FRAMES:
            topic, rate, batch = _VIEWS[p.audio_view], AUDIO_VIEW.rate, 1
        self._name = p.synthesizer or DEFAULT
        self.get_logger().info(f"{self._name} from {topic.name}")
        self._gaps = self._rewinds = 0
        self._introduced = False
        self._latency = self._worst = 0.0
        self._audio = publisher(self, AUDIO)
        self._info = publisher(self, AUDIO_INFO)
        self._info.send(AudioInfo(self.get_clock().now().nanoseconds, sample_rate=p.sample_rate))
        self._worker = Worker(
            SoundStream(synthesizer, p.chunk, rate),
            self._send,
            self._refuse,
            self._fail,
            max(batch, 1),
            patience=p.batch,
        )
        subscribe(self, topic, self._worker.put)
        self._diagnostics = Diagnostics(self, self._health)

    def close(self) -> None:
        """End the synthesis."""
        self._worker.close()

    def _figures(self) -> dict[str, str | float | int]:
        return self._synthesizer.figures() if isinstance(self._synthesizer, Reporting) else {}

    def _send(self, chunk: AudioChunk) -> None:
        if not self._introduced:
            self._introduced = True
            about = ", ".join(f"{key} {value}" for key, value in self._figures().items())
            self.get_logger().info(f"{self._name} started{about and ': '}{about}")
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
                f"lost inputs (gap {self._gaps}, up to {stream.longest_gap:.2f} s); "
                "restarting synthesis"
            )
        if stream.rewinds > self._rewinds:
            self._rewinds = stream.rewinds
            self.get_logger().warning("clock set back; restarting synthesis")

    def _refuse(self, error: MultigenError) -> None:
        self.get_logger().error(str(error), throttle_duration_sec=5.0)

    def _fail(self, error: Exception) -> None:
        self.get_logger().fatal("".join(traceback.format_exception(error)))
        stop(1)

    def _health(self) -> Health:
        worker = self._worker
        worst, self._worst = self._worst, 0.0
        ages = {"latency": self._latency, "worst_latency": worst}
        values = {**ages, **worker.figures(), **self._figures()}
        if worker.refused:
            return Health.error("unusable inputs", **values)
        if worker.stream.newest is not None:
            waited = to_seconds(self.get_clock().now().nanoseconds - worker.stream.newest)
            if waited > _DEAD:
                return Health.warn(f"no new input for {waited:.0f} s", **values)
        if isinstance(self._synthesizer, Doubting) and (doubt := self._synthesizer.doubt()):
            return Health.warn(doubt, **values)
        if worst > self._latency_warn:
            return Health.warn(f"sound {worst:.2f} s behind its inputs", **values)
        return Health.ok("running" if worker.given else "no inputs yet", **values)


def main() -> None:
    """Run the node."""
    run(AudioSynthesizerNode)
