"""Runs every synthesizer on one pour and measures it; runs in its own process."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from multigen_audio.pours.simulation import STATE_RATE, Pour
from multigen_audio.quality.cases import Case
from multigen_audio.quality.embedding import Embedding, trained, untrained
from multigen_audio.quality.loudness import loudness_correlation
from multigen_audio.quality.onset import onset_error
from multigen_audio.quality.pitch import Pitch, pitch
from multigen_audio.quality.rendering import Rendition, render, whole
from multigen_audio.quality.silence import silence
from multigen_audio.quality.truth import Floats, Truth
from multigen_audio.quality.white_noise import WhiteNoise
from multigen_core.contract import LIQUID_STATE
from multigen_core.synthesizer import Source, Synthesizer, SynthesizerConfig, make_synthesizer
from multigen_core.types import CameraFrame, LiquidState

NOISE = "noise"
EMBEDDINGS = {"fixed": untrained, "trained": trained}


@dataclass(frozen=True)
class Task:
    """A case for some synthesizers.

    `views` are what synthesizers of pictures see, one after the other; `identity` whether to make
    the sound a second time at once; `keep` whether to give the sound itself back.
    """

    case: Case
    synthesizers: tuple[SynthesizerConfig, ...]
    views: tuple[str, ...]
    identity: bool
    keep: bool


@dataclass(frozen=True, eq=False)
class Heard:
    """What a synthesizer made of a case, seen in `view` ('' if it sees nothing)."""

    synthesizer: str
    view: str
    pitch: Pitch
    onset: float
    silence: float
    loudness: float
    rendition: Rendition
    difference: float
    """Greatest of a sample's, chunked against whole; NaN if not asked for."""
    embedded: dict[str, Floats]
    """Windows of the pour by embedding, of recorded cases."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A case and what was heard in it."""

    case: Case
    pour: Pour
    """Without its pictures."""
    truth: Truth
    heard: list[Heard]
    warnings: list[str]
    """What was logged meanwhile."""


class _Warnings(logging.Handler):
    """Keeps the log's warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def judge(task: Task) -> Judged:
    """Simulate a case, play it to each synthesizer and measure the sound.

    Raises:
        MultigenError: a synthesizer cannot be made or cannot use the pour.
    """
    log = logging.getLogger()
    log.addHandler(warnings := _Warnings())
    try:
        judged = _judge(task)
    finally:
        log.removeHandler(warnings)
    return replace(judged, warnings=warnings.lines)


def _judge(task: Task) -> Judged:
    seen = task.views if task.case.recording is None else task.views[:1]
    configs = [replace(config, view=seen[0]) for config in task.synthesizers]
    looks = any(_synthesizer(config).source is Source.FRAMES for config in configs)
    pour = task.case.pour(looks and "cutaway" in seen, looks and "public" in seen)
    truth = Truth.of(pour.states)
    heard = []
    for config in configs:
        views = seen if _synthesizer(config).source is Source.FRAMES else ("",)
        heard += [_heard(task, pour, truth, config, view) for view in views]
    bare = replace(pour, cutaway=[], public=[])
    return Judged(task.case, bare, truth, heard, [])


@lru_cache(maxsize=12)
def _synthesizer(config: SynthesizerConfig) -> Synthesizer:
    return WhiteNoise(config.seed) if config.synthesizer == NOISE else make_synthesizer(config)


@lru_cache(maxsize=1)
def embeddings() -> dict[str, Embedding]:
    """Every embedding, by name."""
    return {name: Embedding(weights()) for name, weights in EMBEDDINGS.items()}


def _inputs(pour: Pour, view: str) -> Sequence[CameraFrame | LiquidState]:
    if view:
        return pour.cutaway if view == "cutaway" else pour.public
    return pour.states[:: round(STATE_RATE / LIQUID_STATE.rate)]


def _heard(task: Task, pour: Pour, truth: Truth, config: SynthesizerConfig, view: str) -> Heard:
    synthesizer = _synthesizer(replace(config, view=view) if view else config)
    inputs = _inputs(pour, view)
    made = render(synthesizer, inputs)
    sound, rate = made.samples, made.sample_rate
    difference = float("nan")
    if task.identity and view != "public":
        once = whole(synthesizer, inputs)
        same = min(len(once), len(sound))
        difference = float(np.abs(once[:same] - sound[:same]).max(initial=0.0))
    embedded: dict[str, Floats] = {}
    if task.case.recording is not None:
        part = poured_part(sound, rate, truth)
        embedded = {key: embedding(part) for key, embedding in embeddings().items()}
    return Heard(
        config.synthesizer,
        view,
        pitch(sound, rate, truth, pour.target),
        onset_error(sound, rate, truth),
        silence(sound, rate, truth),
        loudness_correlation(sound, rate, truth),
        made if task.keep else made.without_sound(),
        difference,
        embedded,
    )


def poured_part(sound: Floats, sample_rate: int, truth: Truth) -> NDArray[np.float64]:
    """The sound from when a jet first falls in to when it last does, as clips are trimmed."""
    jet = truth.time[truth.flowing(truth.time)]
    if not len(jet):
        return np.empty(0)
    return sound[round(jet[0] * sample_rate) : round(jet[-1] * sample_rate)]
