"""Films a pour: the camera's pictures, with the volume, and the sound that the policy gets."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from multigen_core.contract import SAMPLE_RATE
from multigen_core.rollout.offline import Tick
from multigen_core.rollout.senses import Senses
from multigen_core.simulator import WorldState
from multigen_core.types import NANOSECONDS, AudioChunk, CameraFrame
from multigen_policy.evaluation.stamps import waveform
from multigen_policy.evaluation.video import encode_video
from multigen_policy.rollouts.closed_loop import Job, start

RATE = 10
"""Pictures per second, one for each control period."""
_APPROACH = "approach"
_BAR = 22
"""Height of the caption [pixels]."""


class Recorder:
    """Keeps the sound that arrives."""

    def __init__(self, senses: Senses) -> None:
        self._senses = senses
        self.heard: list[AudioChunk] = []

    def see(self, image: CameraFrame, world: WorldState) -> CameraFrame | None:
        return self._senses.see(image, world)

    def hear(self, chunk: AudioChunk, world: WorldState) -> AudioChunk | None:
        heard = self._senses.hear(chunk, world)
        if heard is not None:
            self.heard.append(heard)
        return heard


def film(job: Job) -> bytes:
    """The pour of a job as a WebM video, from the end of the approach on.

    The pictures are the camera's even where the policy does not get them.

    Raises:
        MultigenError: the job is impossible, or there is no encoder.
    """
    recorders: list[Recorder] = []

    def record(senses: Senses) -> Senses:
        recorders.append(Recorder(senses))
        return recorders[0]

    running = start(job, pictures=True, recorder=record)
    pictures: list[NDArray[np.uint8]] = []
    began = 0
    for tick in running.ticks:
        stage = tick.step.progress.stage if tick.step else ""
        if stage == _APPROACH:
            pictures.clear()
        if not pictures:
            began = tick.now
        pictures.append(_captioned(tick, running.volume))
    (recorder,) = recorders
    sound = _between(recorder.heard, began, len(pictures) * NANOSECONDS // RATE)
    return encode_video(pictures, RATE, sound, SAMPLE_RATE)


def _captioned(tick: Tick, volume: float) -> NDArray[np.uint8]:
    """The tick's picture (H, W, 3) over a line with the volume poured and the estimate."""
    assert tick.image is not None
    picture = tick.image.rgb
    poured = tick.world.pour.poured_volume * 1e6
    text = f"{poured:.0f} of {volume * 1e6:.0f} ml"
    if tick.step is not None and np.isfinite(tick.step.progress.estimated_volume):
        text += f", policy: {tick.step.progress.estimated_volume * 1e6:.0f} ml"
    bar = np.zeros((_BAR, picture.shape[1], 3), np.uint8)
    cv2.putText(bar, text, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([picture, bar])


def _between(chunks: list[AudioChunk], start: int, length: int) -> NDArray[np.float32]:
    """The sound (N,) of `length` [ns] from `start` [ns] on, zero where there is none."""
    sound = np.zeros(round(length * SAMPLE_RATE / NANOSECONDS), np.float32)
    first, samples = waveform(chunks)
    at = round((first - start) * SAMPLE_RATE / NANOSECONDS) if chunks else 0
    samples, at = samples[max(-at, 0) :], max(at, 0)
    part = samples[: max(len(sound) - at, 0)]
    sound[at : at + len(part)] = part
    return sound
