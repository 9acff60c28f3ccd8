"""Pours for the evaluation of synthesizers: held out from training, the same for all."""

from __future__ import annotations

from dataclasses import dataclass

from multigen_audio.pours.motion import Motion
from multigen_audio.pours.simulation import Pour, follow, simulate
from multigen_audio.recorded.clips import load
from multigen_audio.recorded.comparison import pour_of
from multigen_audio.recorded.tracker import track
from multigen_core.contract import SAMPLE_RATE
from multigen_core.world.recordings import Recording
from multigen_core.world.scene import Scene

_SOURCE, _HOLDS, _KEEPS = "beaker", 600.0, 60.0
"""What recorded vessels are filled from: vessel, content and what of it stays there [ml]."""
_FULL = 0.97
_WAIT, _GAIN = 1.2, 3e4


@dataclass(frozen=True)
class Case:
    """A pour to simulate: a held-out scene by seed, or into a recording's vessel."""

    seed: int
    recording: Recording | None = None

    @property
    def name(self) -> str:
        """For reports."""
        return f"held-out {self.seed}" if self.recording is None else self.recording.clip

    def pour(self, pictures: bool, public: bool) -> Pour:
        """Simulate it.

        Args:
            pictures: whether to draw the hearing view.
            public: whether to render the public camera.

        Raises:
            MultigenError: the recording cannot be used, or no simulator is installed.
        """
        if self.recording is None:
            return simulate(self.seed, pictures, public=public, held_out=True)
        return _as_recorded(self.recording, self.seed, pictures, public)


def _as_recorded(recording: Recording, seed: int, pictures: bool, public: bool) -> Pour:
    """Water into the recorded vessel, at the flow that the recording's resonances tell."""
    vessel = recording.vessel
    sound = load(recording, SAMPLE_RATE)
    _, flow = pour_of(vessel, sound, track(sound, SAMPLE_RATE, vessel))
    scene = Scene.model_validate(
        {
            "source": {"vessel": _SOURCE, "volume_ml": _HOLDS},
            "target": {"vessel": vessel},
        }
    )
    motion = Motion(
        [(_WAIT, 0.0), (float("inf"), flow)],
        goal=min(_FULL * vessel.capacity, (_HOLDS - _KEEPS) * 1e-6),
        speed=0.4,
        gain=_GAIN,
        retreat=0.3,
    )
    place = scene.target.position
    return follow(scene, seed, motion, place, pictures, public=public)
