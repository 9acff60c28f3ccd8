"""The generative synthesizer: images in, sound out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

import numpy as np

from multigen_audio.flow.conditions import HOP, Conditions
from multigen_audio.flow.eye import Eye
from multigen_audio.flow.speaker import Speaker
from multigen_audio.flow.weights import weights_folder
from multigen_core.contract import SAMPLE_RATE
from multigen_core.learning.runtime import run_on_cpu
from multigen_core.simulator import View
from multigen_core.synthesizer import Source, SynthesizerConfig
from multigen_core.types import NANOSECONDS, AudioChunk, CameraFrame, LiquidState

_SAMPLES_PER_HOP = HOP * SAMPLE_RATE // NANOSECONDS


class Sight(Protocol):
    """Tells from pictures what happens."""

    period: float
    """Between the pictures that are used [s]."""
    doubt: str
    """Why its pictures cannot be right, '' if they can."""

    def reset(self) -> None:
        """Clear the state."""

    def see(self, frame: CameraFrame) -> Conditions | None:
        """Conditions up to the frame's stamp that were not given before, if it is used."""


class Flow:
    """Sound of a pour from pictures of it: an eye, and a speaker of what it sees.

    Equal pictures, stamps and seed give equal sound however they are pushed and pulled.
    """

    source = Source.FRAMES
    sample_rate = SAMPLE_RATE

    def __init__(self, eye: Sight, speaker: Speaker) -> None:
        self._eye, self._speaker = eye, speaker
        self.latency = eye.period + Speaker.delay + HOP / NANOSECONDS
        self.reset()

    def reset(self) -> None:
        """Clear the state; the next image starts a new stream with the seed's first numbers."""
        self._eye.reset()
        self._speaker.reset()
        self._origin = self._given = 0
        self._end: int | None = None
        self._newest: int | None = None
        self._seen: list[Conditions] = []
        self._figures: dict[str, str | float | int] = {}

    def figures(self) -> dict[str, str | float | int]:
        """What was seen last: flow and resonance."""
        return dict(self._figures)

    def doubt(self) -> str:
        """Why the pictures cannot be right, '' if they can."""
        return self._eye.doubt

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one image.

        Raises:
            TypeError: it is a liquid state.
            ValueError: its stamp does not increase.
            MultigenError: the eye cannot use it.
        """
        if not isinstance(item, CameraFrame):
            raise TypeError(f"flow takes images, got {type(item).__name__}")
        if self._newest is not None and item.stamp <= self._newest:
            raise ValueError(f"stamp {item.stamp} is not later than {self._newest}")
        self._newest = item.stamp
        seen = self._eye.see(item)
        if seen is not None and len(seen):
            self._seen.append(seen)
            self._figures = {
                "seen_flow_ml_per_s": round(float(seen["flow"][-1]) * 1e6, 1),
                "seen_resonance_hz": round(float(seen["resonance"][-1])),
            }

    def pull(self) -> list[AudioChunk]:
        """The sound completed since the last call: one chunk for every picture used."""
        chunks = []
        for run in _runs(self._seen):
            if run[0].stamp != self._end:
                self._speaker.reset()
                self._origin, self._given = run[0].stamp, 0
            self._end = run[-1].end
            values = np.concatenate([seen.values for seen in run])
            said = self._speaker.say(Conditions(run[0].stamp, values))
            ends = np.cumsum([len(seen) for seen in run]) * _SAMPLES_PER_HOP
            cuts = np.maximum(ends[:-1] + len(said) - ends[-1], 0)
            for samples in np.split(said, cuts):
                stamp = self._origin + self._given * NANOSECONDS // SAMPLE_RATE
                self._given += len(samples)
                chunks.append(AudioChunk(stamp, samples, SAMPLE_RATE))
        self._seen = []
        return chunks

    def batch(self, frames: Sequence[CameraFrame]) -> list[list[AudioChunk]]:
        """What `pull` would return after a `push` of each frame, in half the time."""
        counts = []
        for frame in frames:
            before = len(self._seen)
            self.push(frame)
            counts.append(len(self._seen) - before)
        chunks = iter(self.pull())
        return [list(islice(chunks, count)) for count in counts]


def _runs(seen: Sequence[Conditions]) -> list[list[Conditions]]:
    """Runs of conditions without a gap between them."""
    runs: list[list[Conditions]] = []
    for conditions in seen:
        if runs and runs[-1][-1].end == conditions.stamp:
            runs[-1].append(conditions)
        else:
            runs.append([conditions])
    return runs


def flow(config: SynthesizerConfig) -> Flow:
    """The synthesizer with the shipped weights, or those in the folder `checkpoint`.

    Raises:
        WeightsError: they are missing or damaged.
        MultigenError: there can be no such device.
        ValueError: another sample rate is asked for than it has.
    """
    if config.sample_rate != SAMPLE_RATE:
        raise ValueError(f"sounds at {SAMPLE_RATE} Hz only, not {config.sample_rate}")
    run_on_cpu("flow", config.device)
    folder = weights_folder(config.checkpoint)
    view: View = "public" if config.view == "public" else "cutaway"
    return Flow(Eye(folder, view), Speaker(folder, config.seed))
