"""Disturbances of the senses: what of the world's images and sound a policy does not get."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from multigen_core.simulator import WorldState
from multigen_core.types import AudioChunk, CameraFrame, to_nanoseconds
from multigen_policy.rollouts.background import Background

ARRIVES = 1e-6
"""Flow into the target [m^3/s] from which liquid arrives."""


@dataclass(frozen=True)
class Disturbance:
    """Kinds of disturbance.

    `noise` is mixed in at `snr` [dB] below the loud parts of the pour. The microphone dies a time
    drawn from `deaf_after` [s] after the first liquid has arrived.
    """

    dead_camera: bool = False
    dead_microphone: bool = False
    deaf_after: tuple[float, float] | None = None
    noise: bool = False
    snr: float = 0.0


class DisturbedSenses:
    """What arrives under a disturbance; one instance per pour."""

    def __init__(
        self, disturbance: Disturbance, seed: int, background: Background | None = None
    ) -> None:
        """`background` is mixed in, if any; `seed` draws when the microphone dies."""
        self._disturbance = disturbance
        self._background = background
        self._left: int | None = None
        if disturbance.deaf_after is not None:
            rng = np.random.default_rng([seed, 41])
            self._left = to_nanoseconds(float(rng.uniform(*disturbance.deaf_after)))
        self._began: int | None = None

    def see(self, image: CameraFrame, world: WorldState) -> CameraFrame | None:
        return None if self._disturbance.dead_camera else image

    def hear(self, chunk: AudioChunk, world: WorldState) -> AudioChunk | None:
        if self._began is None and world.liquid.inflow_rate > ARRIVES:
            self._began = world.liquid.stamp
        if self._disturbance.dead_microphone:
            return None
        if (
            self._left is not None
            and self._began is not None
            and world.liquid.stamp - self._began >= self._left
        ):
            return None
        if self._background is None:
            return chunk
        noise = self._background.take(len(chunk.samples))
        return replace(chunk, samples=np.clip(chunk.samples + noise, -1.0, 1.0))
