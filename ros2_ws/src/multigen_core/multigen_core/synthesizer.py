"""The protocol of audio synthesizers, their possible inputs, and how to create one.

A package registers a synthesizer in the entry-point group `multigen.synthesizers` with a function
that takes a `SynthesizerConfig` and returns the synthesizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, cast, runtime_checkable

import numpy as np

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.plugins import load_plugin, plugin_names
from multigen_core.types import AudioChunk, CameraFrame, LiquidState, to_nanoseconds

GROUP = "multigen.synthesizers"
DEFAULT = "flow"
HELD_OUT = "held_out"
"""In place of containers: the recordings that nothing shipped is trained on."""


class Source(Enum):
    """Input of a synthesizer: images, or the simulator's ground truth."""

    FRAMES = "frames"
    LIQUID_STATE = "liquid_state"


class Synthesizer(Protocol):
    """Converts a stream of stamped images (or liquid states) to sound over the same time span.

    Sound starts at the first input's stamp and continues without gaps as inputs arrive: after an
    input with stamp t, `pull` has returned every sample before t - latency.
    """

    source: Source
    sample_rate: int
    """[Hz]"""
    latency: float
    """How far the sound lags behind the newest input [s]."""

    def push(self, item: CameraFrame | LiquidState) -> None:
        """Take one input; stamps must increase."""

    def pull(self) -> list[AudioChunk]:
        """The sound completed since the last call, contiguous and in order."""

    def reset(self) -> None:
        """Clear the state; the next input starts a new stream."""


@runtime_checkable
class Reporting(Protocol):
    """Additional protocol of synthesizers that report diagnostics."""

    def figures(self) -> dict[str, str | float | int]:
        """Values by name, about the synthesizer and its sound so far."""


@runtime_checkable
class Batching(Protocol):
    """Additional protocol of synthesizers that are faster with many images at once."""

    def batch(self, frames: Sequence[CameraFrame]) -> list[list[AudioChunk]]:
        """What `pull` would return after a `push` of each frame; nothing may wait to be pulled."""


@runtime_checkable
class Doubting(Protocol):
    """What a synthesizer fills besides if it can tell that its inputs are wrong."""

    def doubt(self) -> str:
        """Why the latest inputs cannot be right, '' if they can."""


@dataclass(frozen=True)
class SynthesizerConfig:
    """Configuration of a synthesizer.

    `synthesizer` is a name, '' or 'default' for DEFAULT; `checkpoint` (a path or hub id) and
    `device` apply to synthesizers with weights or settings; `sample_rate` [Hz]; `seed` of all
    randomness; `recordings`: containers or splits that `replay` is restricted to, all if empty, or
    HELD_OUT; `view`: images for a synthesizer driven by frames, cutaway or public.
    """

    synthesizer: str = DEFAULT
    checkpoint: str = ""
    device: str = "cpu"
    sample_rate: int = SAMPLE_RATE
    seed: int = 0
    recordings: tuple[str, ...] = ()
    view: str = "cutaway"


def synthesizer_names() -> list[str]:
    """Installed synthesizers, the default first."""
    return plugin_names(GROUP, DEFAULT)


def make_synthesizer(config: SynthesizerConfig) -> Synthesizer:
    """The configured synthesizer.

    Raises:
        MultigenError: the name is unknown, or it cannot be created as configured; one line.
    """
    name = config.synthesizer if config.synthesizer not in ("", "default") else DEFAULT
    make = load_plugin(GROUP, "synthesizer", name)
    try:
        return cast(Synthesizer, make(config))
    except ValueError as error:
        raise MultigenError(f"synthesizer {name}: {error}") from error


class Silent:
    """Outputs zeros in sync with its inputs: ablation of sound, and a fake for tests."""

    source = Source.LIQUID_STATE
    latency = 0.0

    def __init__(self, sample_rate: int = 16_000) -> None:
        self.sample_rate = sample_rate
        self.reset()

    def reset(self) -> None:
        self._next: int | None = None
        self._newest = 0

    def push(self, item: CameraFrame | LiquidState) -> None:
        if self._next is None:
            self._next = item.stamp
        self._newest = item.stamp

    def pull(self) -> list[AudioChunk]:
        if self._next is None:
            return []
        count = (self._newest - self._next) * self.sample_rate // 1_000_000_000
        if count <= 0:
            return []
        chunk = AudioChunk(self._next, np.zeros(count, np.float32), self.sample_rate)
        self._next += to_nanoseconds(count / self.sample_rate)
        return [chunk]
