"""What reaches a policy of the camera and the microphone in an offline pour."""

from __future__ import annotations

from typing import Protocol

from multigen_core.simulator import WorldState
from multigen_core.types import AudioChunk, CameraFrame


class Senses(Protocol):
    """Stands between the world and the policy; called in order of time.

    `world` is the ground truth at the end of the control period from which the data are.
    """

    def see(self, image: CameraFrame, world: WorldState) -> CameraFrame | None:
        """The image that arrives, if any."""

    def hear(self, chunk: AudioChunk, world: WorldState) -> AudioChunk | None:
        """The sound that arrives, if any."""


class Undisturbed:
    """Everything arrives as it is."""

    def see(self, image: CameraFrame, world: WorldState) -> CameraFrame | None:
        return image

    def hear(self, chunk: AudioChunk, world: WorldState) -> AudioChunk | None:
        return chunk


UNDISTURBED = Undisturbed()
